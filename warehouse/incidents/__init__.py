"""Incidents: what has happened where, at which response level, and what the places hit by it need."""
