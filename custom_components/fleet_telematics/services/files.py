"""The files that a call names."""

from pathlib import Path

from homeassistant.core import HomeAssistant

from .action import invalid


def allowed_path(hass: HomeAssistant, file: str) -> Path:
    """Return a file's path, below the configuration's unless it is absolute.

    Raises ServiceValidationError where `allowlist_external_dirs` does not allow it.
    Asks the disk, so it does not belong into the event loop.
    """
    path = Path(hass.config.path(file))
    # No name has a null character, and where one is asked for it is no OSError.
    if "\0" in file or not hass.config.is_allowed_path(str(path)):
        raise invalid("file_not_allowed", file=file)
    return path
