"""Labels and papers of the warehouse: what they say, their numbers, and how they become files."""
