"""Tests of the Fleetwork provider."""
