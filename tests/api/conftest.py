"""The application in-process, for tests of the edge."""

from tests.api.auth.conftest import city, house

__all__ = ["city", "house"]
