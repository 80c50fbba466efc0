"""Vehicles at hand in an emergency (应急运力): whose they are, what they carry, who drives, where they stand."""
