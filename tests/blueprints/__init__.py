"""Tests of the blueprints: each is loaded and run as a user's automation."""
