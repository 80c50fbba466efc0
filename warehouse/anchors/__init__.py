"""Anchors of the audit trails of lower houses."""
