"""Writes of requisitions, plans and release orders."""

from warehouse.requisitions.actions.releases import move_release, note_short

__all__ = ["move_release", "note_short"]
