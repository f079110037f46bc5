"""An account's outage in the log: one line when it begins, one when it is over."""

import logging
import sys
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER

_LOGS: HassKey[dict[str, OutageLog]] = HassKey(f"{DOMAIN}_outage_logs")

type _Line = tuple[object, tuple[object, ...], dict[str, Any]]


class OutageLog(logging.Logger):
    """What an account's coordinators log to.

    Each of them reports its own failure and recovery. While the poll fails, the
    vendor is down: that the other feeds fail, too, is no news. The failure of one
    of those alone is told once the next poll has worked; so is that of one which
    fails on after the vendor is back.
    """

    def __init__(self) -> None:
        """Hand on to the integration's logger."""
        super().__init__(LOGGER.name)
        self.parent = LOGGER
        self.poll: str | None = None
        self._down = False
        self._untold: dict[str, _Line] = {}
        # What failed while the vendor was down.
        self._silenced: dict[str, _Line] = {}
        self._told: set[str] = set()

    @override
    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Report a failure; the first argument is the feed's name."""
        name = str(args[0]) if args else ""
        if kwargs.get("exc_info"):
            # It may be told later than it is handled.
            kwargs["exc_info"] = sys.exc_info()
        if name in self._told or (name == self.poll and self._down):
            self.debug(msg, *args, **kwargs)
        elif name == self.poll:
            self._down = True
            self._silenced |= self._untold
            self._untold.clear()
            super().error(msg, *args, **kwargs)
        else:
            failures = self._silenced if self._down else self._untold
            failures[name] = (msg, args, kwargs)
            self.debug(msg, *args, **kwargs)

    @override
    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Report a recovery, of what was told to have failed."""
        name = str(args[0]) if args else ""
        if name == self.poll:
            self._down = False
        if name == self.poll or name in self._told:
            super().info(msg, *args, **kwargs)
        self._untold.pop(name, None)
        self._silenced.pop(name, None)
        self._told.discard(name)

    @callback
    def failing(self, name: str) -> None:
        """Note that a feed fails: its coordinator reports the first time only."""
        if not self._down and name in self._silenced:
            self._untold[name] = self._silenced.pop(name)

    @callback
    def polled(self) -> None:
        """Tell what fails although the poll works."""
        for name, (msg, args, kwargs) in self._untold.items():
            super().error(msg, *args, **kwargs)
            self._told.add(name)
        self._untold.clear()


@callback
def async_outage_log(hass: HomeAssistant, entry: ConfigEntry) -> OutageLog:
    """Return the log that an entry's coordinators share while it is loaded."""
    logs = hass.data.setdefault(_LOGS, {})
    if entry.entry_id not in logs:
        logs[entry.entry_id] = OutageLog()

        @callback
        def forget() -> None:
            logs.pop(entry.entry_id, None)

        entry.async_on_unload(forget)
    return logs[entry.entry_id]
