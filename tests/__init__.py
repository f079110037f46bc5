"""Tests of Fleet Telematics."""
