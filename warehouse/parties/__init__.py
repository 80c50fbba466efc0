"""Offices, suppliers, carriers, test houses, donors: who has to do with goods."""
