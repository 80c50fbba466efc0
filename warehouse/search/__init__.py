"""One box for any name, number or code."""
