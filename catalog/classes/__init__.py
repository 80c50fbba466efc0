"""Material class schemes side by side."""
