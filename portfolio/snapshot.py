"""Snapshots of a tracker's things, folded so that neither order nor repetition matters."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any


@dataclass(frozen=True, order=True)
class Rank:
    """Which of two snapshots counts: the later. Of one instant: a tombstone before a live one,
    a complete one before a partial one, at last the larger digest."""

    updated_at: datetime
    deleted: bool
    complete: bool
    digest: bytes

    def rivals(self, other: "Rank") -> bool:
        """Whether only chance decides between the two: the tracker gave both the same instant."""
        return (self.updated_at, self.deleted) == (
            other.updated_at,
            other.deleted,
        ) and self.digest != other.digest


@dataclass(frozen=True)
class Snapshot:
    """What one delivery says about one thing. A field that it does not carry is not in `fields`."""

    source_id: str
    updated_at: datetime
    complete: bool
    fields: Mapping[str, Any]
    deleted: bool = False

    @cached_property
    def rank(self) -> Rank:
        return Rank(self.updated_at, self.deleted, self.complete, self._digest())

    def _digest(self) -> bytes:
        document = [self.source_id, self.updated_at, self.deleted, self.complete, dict(self.fields)]
        text = json.dumps(document, default=_print, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).digest()


def _print(value: Any) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    raise TypeError(f"a snapshot holds no {type(value).__name__}")


@dataclass(frozen=True)
class Known:
    """All that the snapshots so far say. `rank` is that of the winner; `older` has the rank of
    each field that the winner did not carry and an earlier one did."""

    rank: Rank
    values: Mapping[str, Any]
    older: Mapping[str, Rank] = field(default_factory=dict[str, Rank])
    needs_reread: bool = False

    def rank_of(self, name: str) -> Rank | None:
        return self.older.get(name, self.rank) if name in self.values else None


def fold(known: Known | None, snapshot: Snapshot) -> Known:
    """Takes in one more snapshot. Each field is its highest-ranked statement, so an absent field
    is no change, and any order and any repetition of snapshots end in the same."""
    rank = snapshot.rank
    if known is None:
        return Known(rank, dict(snapshot.fields))
    top = max(known.rank, rank)
    values, older = dict(known.values), dict[str, Rank]()
    for name in known.values.keys() | snapshot.fields.keys():
        earlier = known.rank_of(name)
        winner = earlier
        if name in snapshot.fields and (earlier is None or rank > earlier):
            winner, values[name] = rank, snapshot.fields[name]
        if winner is not None and winner != top:
            older[name] = winner
    return Known(top, values, older, _needs_reread(known, rank))


def _needs_reread(known: Known, rank: Rank) -> bool:
    if known.rank.rivals(rank):
        return True
    overtaken = (rank.updated_at, rank.deleted) > (known.rank.updated_at, known.rank.deleted)
    return known.needs_reread and not overtaken
