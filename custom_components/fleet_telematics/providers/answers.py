"""Remembers the answers to the questions that are asked again and again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from .json_memory import JsonMemory

# Between two polls of a vendor that tells its fleet in parts lie so many questions.
_QUESTIONS: Final = 100


class Answers:
    """Reads JSON; of a question that was asked before, only what is new in it.

    Polls ask the same every time. What asks of a period is asked once, and its
    answer not kept: an answer is from the second time on, `longest` bytes of all of
    them together.
    """

    def __init__(self, loads: Callable[[bytes], object], longest: int) -> None:
        """Read by `loads`."""
        self._loads = loads
        self._longest = longest
        # By question, the one that was asked last at the end.
        self._memories: OrderedDict[object, JsonMemory | None] = OrderedDict()

    def read(self, question: object, body: bytes) -> object:
        """Return what the answer to a question says. Raises what `loads` does."""
        if question not in self._memories:
            self._memories[question] = None
            while len(self._memories) > _QUESTIONS:
                self._memories.popitem(last=False)
            return self._loads(body)
        self._memories.move_to_end(question)
        memory = self._memories[question]
        if memory is None:
            memory = JsonMemory(self._loads, self._longest)
            self._memories[question] = memory
        data = memory.read(body)
        self._forget_more()
        return data

    def _forget_more(self) -> None:
        """Drop the answers that were asked for longest ago, if they are too long."""
        room = self._longest
        for question, memory in reversed(self._memories.items()):
            if memory is None:
                continue
            room -= memory.size
            if room < 0:
                self._memories[question] = None
