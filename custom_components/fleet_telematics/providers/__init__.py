"""The vendors: plain Python and aiohttp, nothing of Home Assistant."""

from collections.abc import Mapping
from typing import Final

from .base import Provider
from .demo import Demo
from .fleetgo import FleetGo
from .fleetwork import Fleetwork
from .movens import Movens
from .ocean import Ocean
from .trackgps import TrackGps

# A vendor's line here is all that the integration needs to offer it.
PROVIDERS: Final[Mapping[str, type[Provider]]] = {
    provider.info.key: provider
    for provider in (FleetGo, Ocean, Fleetwork, Movens, TrackGps, Demo)
}
