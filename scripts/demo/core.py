"""Home Assistant itself, without the parts that need the internet.

Home Assistant loads some integrations whatever its configuration says. Those
that would call home, or need packages this demonstration has no use for, are
taken off that list before it starts.
"""

import sys

from homeassistant import bootstrap
from homeassistant.__main__ import main

UNWANTED = {
    # Ask servers on the internet.
    "analytics",
    "marketplace",
    # Adds entities that have nothing to do with vehicles.
    "backup",
    # Voice and video, with packages that have to be compiled.
    "ai_task",
    "assist_satellite",
    "camera",
    "conversation",
    "image_processing",
    "infrared",
    "radio_frequency",
    "stt",
    "tts",
    "wake_word",
}

if __name__ == "__main__":
    bootstrap.DEFAULT_INTEGRATIONS -= UNWANTED
    sys.exit(main())
