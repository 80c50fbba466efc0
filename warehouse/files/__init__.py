"""Photos, signatures and scanned papers: evidence beside the goods."""
