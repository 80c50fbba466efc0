"""What an emergency would need, what of it is there, and the cheapest way to close the gap."""
