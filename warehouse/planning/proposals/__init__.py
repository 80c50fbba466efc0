"""What to order, and why so much."""
