"""Ocean."""
