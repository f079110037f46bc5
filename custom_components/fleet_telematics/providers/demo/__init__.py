"""A simulated fleet, for trying things out without a vendor."""
