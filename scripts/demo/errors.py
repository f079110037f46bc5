"""What can go wrong with the demonstration, in words for its user."""


class DemoError(Exception):
    """The demonstration cannot start or go on; the text says why."""
