"""Frozen values of the product's own vocabulary. No I/O, no clock, no ids invented here."""
