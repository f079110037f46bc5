"""Tests of the fuel ledger."""
