"""The vendors' services as real HTTP servers on this machine, for tests and demos."""
