"""Backup, restore, upgrade: one file that holds everything, taken while the server serves, proven by restoring it."""
