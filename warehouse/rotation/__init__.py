"""Rotation (收储轮换): take the old out before it expires, the new in, never below the minimum."""
