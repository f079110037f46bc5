"""Tests of the Movens provider."""
