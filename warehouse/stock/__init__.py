"""Goods in places: lots, serials, pallets, balances, reservations, and the one writer of them all."""
