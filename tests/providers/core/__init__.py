"""Tests of what every provider builds on: readers, transport, tokens."""
