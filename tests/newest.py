"""Lets the floor's test plugin run on the newest Home Assistant.

The plugin is made from one release and follows a new one weeks later. Loaded
before it (`pytest -p tests.newest`), this module imports Home Assistant first,
whose aliases of httpx and voluptuous must come before their first import, and
puts back what the plugin still looks for in its old place.
"""

from importlib import import_module

LOGGER = "homeassistant.components.logger"
MOVED = "_clear_logger_overwrites"

if not hasattr(import_module(LOGGER), MOVED):
    helpers = import_module(f"{LOGGER}.helpers")
    setattr(import_module(LOGGER), MOVED, getattr(helpers, MOVED))
