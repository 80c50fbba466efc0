"""Goods leave, travel, arrive, are handed out, come back, are made good again."""
