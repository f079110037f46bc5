"""Tests of what the fleet knows, without Home Assistant."""
