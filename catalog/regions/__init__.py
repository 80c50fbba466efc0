"""Administrative nodes: their tree, dated codes, points and dated facts."""
