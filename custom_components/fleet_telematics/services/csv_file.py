"""Writes rows into a CSV file, only where the user allowed files to be written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
import csv
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from homeassistant.core import HomeAssistant

from .action import invalid
from .files import allowed_path

# Spreadsheets take a text that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


async def async_check_csv(hass: HomeAssistant, file: str, *, overwrite: bool) -> None:
    """Raise ServiceValidationError unless the file may be written.

    It has to lie in a directory that `allowlist_external_dirs` allows, which has to
    exist, and to end in .csv; a file that is there is kept unless `overwrite`.
    """
    await hass.async_add_executor_job(_check, hass, file, overwrite)


async def async_write_csv(
    hass: HomeAssistant,
    file: str,
    rows: Sequence[Mapping[str, object]],
    *,
    overwrite: bool,
) -> None:
    """Write rows as CSV, whole or not at all, and raise what `async_check_csv` does.

    What is nested becomes columns like `travelTime.totalSeconds`.
    """
    await hass.async_add_executor_job(_write, hass, file, rows, overwrite)


def _check(hass: HomeAssistant, file: str, overwrite: bool) -> Path:
    path = allowed_path(hass, file)
    if path.suffix.lower() != ".csv":
        raise invalid("file_not_csv", file=file)
    if not path.parent.is_dir():
        raise invalid("file_no_directory", file=file)
    if path.is_dir() or (path.exists() and not overwrite):
        raise invalid("file_exists", file=file)
    return path


def _write(
    hass: HomeAssistant,
    file: str,
    rows: Sequence[Mapping[str, object]],
    overwrite: bool,
) -> None:
    path = _check(hass, file, overwrite)
    flat = [dict(_flattened(row)) for row in rows]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    try:
        with NamedTemporaryFile(
            "w",
            encoding="utf-8-sig",
            newline="",
            dir=path.parent,
            prefix=f".{path.name}.",
            delete_on_close=False,
        ) as whole:
            writer = csv.DictWriter(whole, columns)
            writer.writeheader()
            writer.writerows(flat)
            whole.close()
            written = Path(whole.name)
            # Not every file system knows modes, or hard links.
            with suppress(PermissionError):
                written.chmod(0o644)
            if not overwrite:
                # Fails where somebody else was faster.
                path.touch(exist_ok=False)
            try:
                written.replace(path)
            except OSError:
                if not overwrite:
                    path.unlink()
                raise
    except FileExistsError:
        raise invalid("file_exists", file=file) from None
    except OSError as err:
        raise invalid("file_not_written", file=file, reason=str(err.strerror)) from err


def _flattened(
    row: Mapping[str, object], prefix: str = ""
) -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        elif isinstance(value, str) and value.startswith(_FORMULA):
            yield f"{prefix}{key}", f"'{value}"
        else:
            yield f"{prefix}{key}", value
