"""Shapes of what the API takes and gives, written by hand."""
