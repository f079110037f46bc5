"""Home Assistant itself, without the parts that need the internet.

Home Assistant loads some integrations whatever its configuration says. Those
that would call home, or need packages this demonstration has no use for, are
taken off that list before it starts. What describes the actions to the browser
imports a few of them anyway; placeholders stand in for the packages of theirs
that would have to be built on this machine.
"""

import sys
from types import ModuleType

from homeassistant import bootstrap
from homeassistant.__main__ import main

UNWANTED = {
    # Ask servers on the internet.
    "analytics",
    "marketplace",
    # Adds entities that have nothing to do with vehicles.
    "backup",
    # Voice, video and radio, of which vehicles make no use.
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

PLACEHOLDERS = {
    "pymicro_vad": "MicroVad",
    "pyspeex_noise": "AudioProcessor",
    "turbojpeg": "TurboJPEG",
}

if __name__ == "__main__":
    for package, name in PLACEHOLDERS.items():
        sys.modules[package] = ModuleType(package)
        setattr(sys.modules[package], name, object)
    bootstrap.DEFAULT_INTEGRATIONS -= UNWANTED
    sys.exit(main())
