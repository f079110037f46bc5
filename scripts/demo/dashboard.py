"""The dashboard: a map of each fleet's city and every vehicle below it."""

from collections.abc import Iterable, Mapping
from typing import Any

from .client import Socket

URL_PATH = "demo-fleets"
VEHICLE_KEYS = ("location", "speed", "fuel_level", "fuel_volume")


async def save_dashboard(
    socket: Socket, fleets: Mapping[str, Iterable[Mapping[str, Any]]]
) -> None:
    """Create the dashboard of the fleets' registry entities and open with it."""
    await socket.call(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title="Fleets",
        icon="mdi:truck-fast",
        show_in_sidebar=True,
    )
    await socket.call(
        "lovelace/config/save", url_path=URL_PATH, config=_dashboard(fleets)
    )
    await socket.call(
        "frontend/set_system_data", key="core", value={"default_panel": URL_PATH}
    )


def _dashboard(fleets: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return a dashboard with a section for each fleet."""
    sections = [_section(title, entities) for title, entities in fleets.items()]
    return {
        "views": [
            {
                "title": "Fleets",
                "path": "fleets",
                "type": "sections",
                "max_columns": len(sections),
                "sections": sections,
            }
        ]
    }


def _section(title: str, entities: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a heading, the map and a row of tiles for each vehicle."""
    vehicles: dict[str, dict[str, str]] = {}
    for entity in entities:
        if entity["translation_key"] in VEHICLE_KEYS:
            vehicle = vehicles.setdefault(entity["device_id"], {})
            vehicle[entity["translation_key"]] = entity["entity_id"]
    rows = sorted(
        (vehicle for vehicle in vehicles.values() if "location" in vehicle),
        key=lambda vehicle: vehicle["location"],
    )
    return {
        "type": "grid",
        "cards": [
            {"type": "heading", "heading": title, "icon": "mdi:map-marker-multiple"},
            {
                "type": "map",
                "entities": [
                    {"entity": vehicle["location"], "label_mode": "icon"}
                    for vehicle in rows
                ],
                "hours_to_show": 1,
                "cluster": False,
                "grid_options": {"columns": "full", "rows": 7},
            },
            *(card for vehicle in rows for card in _tiles(vehicle)),
        ],
    }


def _tiles(vehicle: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the tiles of one vehicle, two in a row: its name, and what it does."""
    fuel = "fuel_level" if "fuel_level" in vehicle else "fuel_volume"
    details = [vehicle[key] for key in ("speed", fuel) if key in vehicle]
    name = {
        "type": "tile",
        "entity": vehicle["location"],
        "grid_options": {"columns": 6 if len(details) == 1 else 12},
    }
    return [
        name,
        *(
            {"type": "tile", "entity": entity_id, "name": {"type": "entity"}}
            for entity_id in details
        ),
    ]
