"""Prints a style for the frontend's maps: the roads of the simulated world."""

import json
import sys

from custom_components.fleet_telematics.providers.demo.world import (
    AMSTERDAM,
    BUCHAREST,
    HANOI,
    PARIS,
    ROME,
)


def map_style() -> str:
    """Return a style for the frontend's maps: the roads of the simulated world."""
    roads = [
        [place[::-1] for place in (segment.start, segment.end)]
        for city in (AMSTERDAM, BUCHAREST, HANOI, PARIS, ROME)
        for segment in city.roads.segments.values()
    ]
    layout = {"line-cap": "round", "line-join": "round"}
    return json.dumps(
        {
            "version": 8,
            "sources": {
                "roads": {
                    "type": "geojson",
                    "data": {"type": "MultiLineString", "coordinates": roads},
                }
            },
            "layers": [
                {
                    "id": "ground",
                    "type": "background",
                    "paint": {"background-color": "#f4efe6"},
                },
                *(
                    {
                        "id": color,
                        "type": "line",
                        "source": "roads",
                        "layout": layout,
                        "paint": {"line-color": color, "line-width": width},
                    }
                    for color, width in (("#d8cdb8", 5), ("#ffffff", 3))
                ),
            ],
        }
    )


if __name__ == "__main__":
    sys.stdout.write(map_style())
