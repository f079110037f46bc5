"""Tests of the FleetGO provider."""
