"""Stores and store points, their zones and bins."""
