"""What the integration is worth, in figures."""
