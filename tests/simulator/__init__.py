"""Tests of the simulated vendors, over real sockets."""
