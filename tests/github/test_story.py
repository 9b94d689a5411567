"""Twelve issues of a milestone, as GitHub tells them, move progress and score as worked out by hand.

The initiative lasts from Monday, October 5 to Monday, November 23, 2026: 49 days. DELIVERY is the mean of SCHEDULE
(weight 40) and FORECAST (25); the initiative has no other data, so its score is DELIVERY.

November 2, after 28 days: #1 to #6 of 12 are done, in weeks of 2, 1, 2 and 1.
  SCHEDULE 200 (6/12 + 1/4) / (28/49 + 1/4) - 100 = 82.609
  FORECAST 6 left in 3 weeks: each must bring 2, which is 1/8; 100/8 / 0.85 = 14.706
  DELIVERY (40 * 82.609 + 25 * 14.706) / 65 = 56.492
November 9, after 35 days: #6 is open again, #7 and #10 are done, #8 is not planned, #9 is deleted: 7 of 10.
  SCHEDULE 200 (7/10 + 1/4) / (35/49 + 1/4) - 100 = 97.037
  FORECAST 3 left in 2 weeks of 2, 1, 2, 0 or 2: 2+2 (9 of 25) or 2+1 (6 of 25), 15/25; 60 / 0.85 = 70.588
  DELIVERY (40 * 97.037 + 25 * 70.588) / 65 = 86.864
November 16: #6 and #11 are done, #12 is a duplicate: 9 of 9, all 100.
"""

import json
import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from cli.replay import Recording, read_recordings
from runtime.clock import Clock
from tests.github.tracker import Tracker
from workers.measurement.recompute_health import recompute_health

_PROGRESS = """
select id, done_scope, total_scope, done_items, total_items, weekly_throughput, progress_source, progress_observed_on
from initiative where tenant_id = $1
"""
_SCORE = """
select s.score_mp, s.band, s.as_of, s.dimension_names, s.dimension_points_mp
from initiative i join health_score s on s.tenant_id = i.tenant_id and s.id = i.health_score_id where i.tenant_id = $1
"""


@pytest.fixture(scope="module")
def story(repository: Path) -> list[Recording]:
    recordings = read_recordings([repository / "tests" / "data" / "github" / "story"])
    return sorted(recordings, key=lambda recording: recording.path.name)


def told_on(recording: Recording) -> date:
    """File names are 14-2026-10-07-closed-1.json."""
    return date.fromisoformat(recording.path.name[3:13])


def stand_at(tracker: Tracker, day: date) -> None:
    instant = datetime.combine(day, time(16), UTC)
    tracker.clock = Clock(now=lambda: instant)


async def begin(tracker: Tracker) -> UUID:
    initiative_id = await tracker.add_initiative("CHECKOUT", date(2026, 10, 5), date(2026, 11, 23))
    await tracker.add_rule(initiative_id, "MILESTONE", "v1.0", "example/checkout")
    return initiative_id


async def tell(tracker: Tracker, recordings: list[Recording], until: date) -> None:
    for recording in recordings:
        stand_at(tracker, told_on(recording))
        assert (await tracker.deliver(recording.event, recording.body)).status_code == 202
        await tracker.apply()
    stand_at(tracker, until)
    await recompute_health(tracker.database, tracker.clock, tracker.tenant_id)


async def progress(tracker: Tracker) -> tuple[Decimal, Decimal, list[int]]:
    [row] = await tracker.fetch(_PROGRESS)
    assert (row["done_items"], row["total_items"]) == (row["done_scope"], row["total_scope"])
    assert row["progress_source"] == "TRACKER"
    return row["done_scope"], row["total_scope"], row["weekly_throughput"]


async def score(tracker: Tracker) -> tuple[date, int, str]:
    [row] = await tracker.fetch(_SCORE)
    points = dict(zip(row["dimension_names"], row["dimension_points_mp"], strict=True))
    assert points["DELIVERY"] == row["score_mp"]
    return row["as_of"], row["score_mp"], row["band"]


async def test_progress_and_score_move_as_worked_out_by_hand(tracker: Tracker, story: list[Recording]) -> None:
    await begin(tracker)
    first, second, third = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)
    await tell(tracker, [one for one in story if told_on(one) < first], first)
    assert await progress(tracker) == (6, 12, [2, 1, 2, 1])
    assert await score(tracker) == (first, 56_492, "AT_RISK")
    await tell(tracker, [one for one in story if first <= told_on(one) < second], second)
    assert await progress(tracker) == (7, 10, [2, 1, 2, 0, 2])
    assert await score(tracker) == (second, 86_864, "HEALTHY")
    await tell(tracker, [one for one in story if second <= told_on(one)], third)
    assert await progress(tracker) == (9, 9, [2, 1, 2, 0, 2, 2])
    assert await score(tracker) == (third, 100_000, "HEALTHY")
    statuses = await tracker.statuses()
    assert [reason for status, reason in statuses if status == "IGNORED"] == ["a pull request"]
    assert [status for status, _ in statuses].count("APPLIED") == len(story) - 1


async def test_the_story_told_in_disorder_ends_alike(tracker: Tracker, story: list[Recording]) -> None:
    await begin(tracker)
    disordered = story * 2
    random.Random(2).shuffle(disordered)
    day = date(2026, 11, 16)
    stand_at(tracker, day)
    for recording in disordered:
        await tracker.deliver(recording.event, recording.body)
        await tracker.apply()
    await tell(tracker, [], day)
    assert await progress(tracker) == (9, 9, [2, 1, 2, 0, 2, 2])
    assert await score(tracker) == (day, 100_000, "HEALTHY")


async def test_every_item_has_its_own_story_in_events(tracker: Tracker, story: list[Recording]) -> None:
    initiative_id = await begin(tracker)
    await tell(tracker, story, date(2026, 11, 16))
    rows = await tracker.fetch(
        "select e.type, i.key, e.subject_id, e.changes from event e join work_item i "
        "on i.tenant_id = e.tenant_id and i.id = e.entity_id where e.tenant_id = $1 order by e.id"
    )
    assert {row["subject_id"] for row in rows} == {initiative_id}
    of_sixth = [row for row in rows if row["key"] == "example/checkout#6"]
    moves = [
        (change["from"], change["to"])
        for row in of_sixth
        for change in json.loads(row["changes"])
        if change["field"] == "stateCategory"
    ]
    assert moves == [(None, "TODO"), ("TODO", "DONE"), ("DONE", "TODO"), ("TODO", "DONE")]
    deleted = [row["key"] for row in rows if row["type"] == "WORK_ITEM_DELETED"]
    assert deleted == ["example/checkout#9"]
