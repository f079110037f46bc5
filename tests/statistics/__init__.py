"""Tests of how the past becomes statistics, without Home Assistant."""
