"""Whatever the order and repetition of snapshots, the fold knows the same in the end."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.snapshot import Known, Snapshot, fold

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
_NAMES = ("title", "state", "labels")


def snapshot(second: int, *, deleted: bool = False, complete: bool = True, **fields: Any) -> Snapshot:
    return Snapshot("I_1", START + timedelta(seconds=second), complete, fields, deleted)


def fold_all(snapshots: list[Snapshot]) -> Known | None:
    return reduce(fold, snapshots, None)


# Few instants and few values, so that ties, tombstones and repetitions are common.
_fields = st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(["a", "b", None]))
_complete = st.fixed_dictionaries({name: st.sampled_from(["a", "b"]) for name in _NAMES})
_snapshots = st.builds(
    lambda second, deleted, content: snapshot(second, deleted=deleted, complete=content[0], **content[1]),
    st.integers(0, 3),
    st.booleans(),
    st.one_of(_complete.map(lambda fields: (True, fields)), _fields.map(lambda fields: (False, fields))),
)


@settings(deadline=None)  # the machine may be busy
@given(st.data())
def test_any_order_and_repetition_ends_in_the_same(data: st.DataObject) -> None:
    snapshots = data.draw(st.lists(_snapshots, min_size=1, max_size=8))
    repeated = snapshots + data.draw(st.lists(st.sampled_from(snapshots), max_size=4))
    shuffled = data.draw(st.permutations(repeated))
    assert fold_all(shuffled) == fold_all(snapshots)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(_snapshots, min_size=1, max_size=8))
def test_the_fold_is_what_the_rule_says_of_all_snapshots_at_once(snapshots: list[Snapshot]) -> None:
    known = fold_all(snapshots)
    assert known is not None
    top = max(snapshots, key=lambda one: one.rank)
    assert known.rank == top.rank
    for name in _NAMES:
        carriers = [one for one in snapshots if name in one.fields]
        if not carriers:
            assert name not in known.values
            continue
        winner = max(carriers, key=lambda one: one.rank)
        assert known.values[name] == winner.fields[name]
        assert known.rank_of(name) == winner.rank
    at_top = {one.rank.digest for one in snapshots if (one.updated_at, one.deleted) == (top.updated_at, top.deleted)}
    assert known.needs_reread == (len(at_top) > 1)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(_snapshots, min_size=1, max_size=6))
def test_what_is_known_is_known_again_when_it_is_folded_twice(snapshots: list[Snapshot]) -> None:
    known = fold_all(snapshots)
    assert reduce(fold, snapshots, known) == known


def test_the_later_snapshot_wins_however_late_it_comes() -> None:
    late, early = snapshot(2, title="new"), snapshot(1, title="old")
    known = fold(fold(None, late), early)
    assert (known.values["title"], known.needs_reread) == ("new", False)


def test_of_one_instant_the_complete_snapshot_wins_and_a_reread_is_due() -> None:
    complete = snapshot(1, title="whole", state="open")
    partial = snapshot(1, complete=False, title="part", labels=["bug"])
    known = fold(fold(None, complete), partial)
    assert known.values == {"title": "whole", "state": "open", "labels": ["bug"]}
    assert known.needs_reread


def test_a_later_snapshot_settles_what_was_to_be_reread() -> None:
    tie = fold(fold(None, snapshot(1, title="a")), snapshot(1, title="b"))
    assert tie.needs_reread
    assert not fold(tie, snapshot(2, title="c")).needs_reread


def test_an_absent_field_is_no_change() -> None:
    known = fold(fold(None, snapshot(1, title="kept")), snapshot(2, complete=False, state="closed"))
    assert known.values == {"title": "kept", "state": "closed"}


def test_a_tombstone_wins_over_its_own_instant_and_yields_to_a_later_one() -> None:
    known = fold(fold(None, snapshot(1, deleted=True, title="x")), snapshot(1, title="y"))
    assert known.rank.deleted
    assert known.values["title"] == "x"
    assert not known.needs_reread
    assert not fold(known, snapshot(2, title="z")).rank.deleted
    assert fold(known, snapshot(0, title="older")).rank.deleted
