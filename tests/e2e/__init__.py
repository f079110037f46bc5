"""The integration in a real Home Assistant, used by a real browser."""
