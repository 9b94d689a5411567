"""The compiler's tests on a database read the universe of the read tests."""

from tests.reads.conftest import filled_database, reading, world

__all__ = ["filled_database", "reading", "world"]
