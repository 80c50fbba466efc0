"""Ways on the earth, as a sphere."""

from math import asin, ceil, cos, radians, sin, sqrt

EARTH_METRES = 6_371_000
"""The mean radius (IUGG 1980: 6,371,008.8 m), rounded."""
Point = tuple[float, float]
"""Latitude and longitude in degrees (WGS-84)."""


def metres_between(a: Point, b: Point) -> int:
    """Along the great circle, in whole metres, rounded up."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(radians, point)) for point in (a, b))
    part = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return ceil(2 * EARTH_METRES * asin(min(1.0, sqrt(part))))
