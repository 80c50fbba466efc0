"""Deliveries (到货单): what is expected to arrive, and what came of it."""
