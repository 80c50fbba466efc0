"""Requests for goods in an incident, and where the goods are to come from."""
