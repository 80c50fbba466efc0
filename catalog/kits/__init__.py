"""Kits: what they are made of."""
