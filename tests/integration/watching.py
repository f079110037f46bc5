"""Waits for what is under way at a simulated vendor."""

import asyncio
from dataclasses import dataclass, field
from typing import override

from simulator.faults import Fault


@dataclass(kw_only=True)
class Watched(Fault):
    """A fault that tells when a request was hit by it."""

    hit: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    def takes(self, path: str) -> bool:
        taken = super().takes(path)
        if taken:
            self.hit.set()
        return taken
