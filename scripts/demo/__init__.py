"""A throw-away Home Assistant with simulated fleets, for people and for tests."""

from .client import Client, Socket
from .demo import FLEETS, Demo, start_demo
from .errors import DemoError
from .simulators import Simulator
from .waiting import until

__all__ = [
    "FLEETS",
    "Client",
    "Demo",
    "DemoError",
    "Simulator",
    "Socket",
    "start_demo",
    "until",
]
