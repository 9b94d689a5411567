"""Time and identity, the two things a process takes from outside: injected, so that tests decide both."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from portfolio.identity import uuid7


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _random_bits() -> int:
    return secrets.randbits(74)


@dataclass(frozen=True)
class Clock:
    """now is an aware UTC instant; entropy gives 74 random bits for each new id."""

    now: Callable[[], datetime] = _utc_now
    entropy: Callable[[], int] = _random_bits

    def new_id(self) -> UUID:
        return uuid7(self.now(), self.entropy())
