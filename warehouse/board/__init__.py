"""The dispatcher's board: what is wanted, held, picked, on the road and there, in one look."""
