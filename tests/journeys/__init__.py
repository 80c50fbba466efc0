"""Whole ways through the program in a real Chromium, typed as a wedge scanner types."""
