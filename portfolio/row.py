"""What reads a row need not know whether it came from the database or from a test."""

from collections.abc import Iterable
from typing import Any, Protocol


class Row(Protocol):
    """Values by column name: asyncpg's record, or a mapping."""

    def __getitem__(self, column: str, /) -> Any: ...

    def keys(self) -> Iterable[str]: ...

    def items(self) -> Iterable[tuple[str, Any]]: ...

    def get(self, column: str, /) -> Any: ...

    def __contains__(self, column: object, /) -> bool: ...
