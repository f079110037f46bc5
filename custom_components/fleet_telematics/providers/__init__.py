"""The vendors: plain Python and aiohttp, nothing of Home Assistant."""
