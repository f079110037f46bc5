"""TrackGPS."""
