"""The temporary configuration directory of the demonstration."""

import json
from pathlib import Path

from .process import ROOT

CONFIGURATION = """\
homeassistant:
  name: Canal house
  latitude: 52.3731
  longitude: 4.8926
  elevation: 2
  radius: 150
  unit_system: metric
  currency: EUR
  country: NL
  language: en
  time_zone: Europe/Amsterdam

frontend:
  themes:
    # Markers with room for a licence plate.
    Fleets:
      ha-marker-size: 48px
      ha-marker-font-size: 11px
      ha-marker-border-width: 1px
      ha-picture-border-radius: 12px

config:
history:
logbook:
logger:
  default: warning
  logs:
    custom_components.fleet_telematics: info

automation:
  - id: refuelled
    alias: Tell about a refill
    mode: queued
    triggers:
      - trigger: event
        event_type: fleet_telematics_fuel
        event_data:
          event_type: refuelled
    actions:
      - action: persistent_notification.create
        data:
          title: "{{ device_attr(trigger.event.data.device_id, 'name') }} was refuelled"
          message: >-
            {{ trigger.event.data.volume or '?' }} L
            at {{ trigger.event.data.location or 'an unknown place' }},
            {{ trigger.event.data.time }}
"""


def write_configuration(folder: Path, *, host: str, port: int) -> None:
    """Fill an empty directory with what Home Assistant needs to start."""
    (folder / "configuration.yaml").write_text(CONFIGURATION)
    components = folder / "custom_components"
    components.mkdir()
    (components / "fleet_telematics").symlink_to(
        ROOT / "custom_components" / "fleet_telematics"
    )
    storage = folder / ".storage"
    storage.mkdir()
    # In YAML these settings would be a trial, taken back after five minutes. The
    # first version of the store is enough: Home Assistant fills in the rest.
    _store(
        storage, key="http", version=1, data={"server_host": host, "server_port": port}
    )
    # This step of the onboarding would set up integrations that need the
    # internet. What it asks for is in the configuration above.
    _store(storage, key="onboarding", version=4, data={"done": ["core_config"]})


def _store(storage: Path, *, key: str, version: int, data: object) -> None:
    """Write one of Home Assistant's stores."""
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    (storage / key).write_text(json.dumps(content))
