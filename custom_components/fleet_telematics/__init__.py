"""Fleet Telematics: vehicles of fleet vendors in Home Assistant."""
