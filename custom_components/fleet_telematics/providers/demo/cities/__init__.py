"""The cities of the simulated world."""

from .amsterdam import AMSTERDAM
from .bucharest import BUCHAREST
from .hanoi import HANOI
from .paris import PARIS
from .rome import ROME

__all__ = ["AMSTERDAM", "BUCHAREST", "HANOI", "PARIS", "ROME"]
