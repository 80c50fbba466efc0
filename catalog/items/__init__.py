"""The item master: what a thing is, its codes, aliases, care and substitutes."""
