"""Proof that fuel events fire once: a Home Assistant killed over and over."""

from .derived import DerivedProof, prove_derived
from .proof import Proof, prove

__all__ = ["DerivedProof", "Proof", "prove", "prove_derived"]
