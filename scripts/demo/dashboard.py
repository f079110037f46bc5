"""The dashboard: what all fleets do, and a map of each city."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .client import Socket

URL_PATH = "demo-fleets"
# The sensors of a fleet in the overview, and their column's title.
FIGURES = {
    "vehicles": "All",
    "vehicles_moving": "Moving",
    "vehicles_stopped": "Stopped",
    "vehicles_offline": "Offline",
    "vehicles_private": "Private",
}

type Card = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFleet:
    """A fleet as the dashboard shows it: its city, and its registry entities."""

    name: str
    city: str
    entities: Sequence[Mapping[str, Any]]

    def of(self, key: str) -> list[str]:
        """Return the entities with a translation key, in the order of their names."""
        return sorted(
            entity["entity_id"]
            for entity in self.entities
            if entity["translation_key"] == key
        )


async def save_dashboard(socket: Socket, fleets: Sequence[ShownFleet]) -> None:
    """Create the dashboard of the fleets and open with it."""
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


def _dashboard(fleets: Sequence[ShownFleet]) -> dict[str, Any]:
    """Return a dashboard with an overview and a section for each city."""
    cities: dict[str, list[ShownFleet]] = {}
    for fleet in fleets:
        cities.setdefault(fleet.city, []).append(fleet)
    return {
        "views": [
            {
                "title": "Fleets",
                "path": "fleets",
                "type": "sections",
                "theme": "Fleets",
                "max_columns": 3,
                "sections": [
                    _overview(fleets),
                    *(_city(city, there) for city, there in cities.items()),
                ],
            }
        ]
    }


def _overview(fleets: Iterable[ShownFleet]) -> Card:
    """Return a table with a row for each fleet."""
    rows = [("Fleet", *FIGURES.values()), (":--", *("--:" for _ in FIGURES))]
    for fleet in fleets:
        figures = (fleet.of(key)[0] for key in FIGURES)
        rows.append(
            (fleet.name, *(f"{{{{ states('{figure}') }}}}" for figure in figures))
        )
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return {
        "type": "grid",
        "cards": [
            _heading("All fleets", "mdi:truck-fast"),
            {
                "type": "markdown",
                "content": table,
                "grid_options": {"columns": "full"},
            },
        ],
    }


def _city(city: str, fleets: Sequence[ShownFleet]) -> Card:
    """Return the map of a city."""
    names = " and ".join(fleet.name for fleet in fleets)
    return {
        "type": "grid",
        "cards": [
            _heading(f"{city}: {names}", "mdi:map-marker-multiple"),
            {
                "type": "map",
                "entities": [
                    {
                        "entity": entity_id,
                        "label_mode": "attribute",
                        "attribute": "friendly_name",
                    }
                    for fleet in fleets
                    for entity_id in fleet.of("location")
                ],
                "hours_to_show": 1,
                "cluster": False,
                "grid_options": {"columns": "full", "rows": 6},
            },
        ],
    }


def _heading(title: str, icon: str) -> Card:
    """Return the line above a section."""
    return {"type": "heading", "heading": title, "icon": icon}
