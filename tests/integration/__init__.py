"""Tests of the integration through Home Assistant, against the simulated vendors."""
