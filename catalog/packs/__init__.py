"""Packaging of items in whole factors."""
