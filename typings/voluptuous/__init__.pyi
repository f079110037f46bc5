# Home Assistant puts its own validator, probatio, in voluptuous' place.
from probatio import *  # noqa: F403
