"""Counting (盘点): which bins are counted, blind, by whom, and what becomes of the differences."""
