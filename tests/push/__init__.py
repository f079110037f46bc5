"""Tests of what sends positions."""
