"""Proof that fuel events fire once: a Home Assistant killed over and over."""

from .proof import Proof, prove

__all__ = ["Proof", "prove"]
