"""How things are written down: codes, label sheets, papers. A library: it knows none of our packages."""
