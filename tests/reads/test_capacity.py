"""Capacity: how long a span may be, with every request and every kind of viewer."""

import json
from datetime import date
from typing import Any

import pytest

from runtime.refusal import Refusal
from tests.reads.reading import Reading
from tests.reads.world import World

_TEXT = (
    "query Capacity($from: Date!, $to: Date!, $bucket: TimeBucket) {"
    " teams(first: 1) { nodes { capacity(from: $from, to: $to, bucket: $bucket) { startOn endOn } } } }"
)


def span(first: str, last: str, bucket: str | None = None) -> dict[str, Any]:
    return {"from": first, "to": last, "bucket": bucket}


async def buckets(reading: Reading, world: World, settings: dict[str, Any]) -> list[dict[str, str]]:
    answer = json.loads(await reading.read(_TEXT, world.viewers[0], settings))
    return answer["teams"]["nodes"][0]["capacity"]


async def test_sixty_buckets_are_answered_and_one_more_is_refused(reading: Reading, world: World):
    months = await buckets(reading, world, span("2022-01-31", "2026-12-01", "MONTH"))
    assert (len(months), months[0]["startOn"], months[-1]["endOn"]) == (60, "2022-01-01", "2026-12-31")
    assert len(await buckets(reading, world, span("2026-01-01", "2027-02-18"))) in (59, 60)
    for settings, count in (
        (span("2022-01-31", "2027-01-01", "MONTH"), 61),
        (span("2026-01-01", "2027-02-19"), 61),
        (span("0001-01-01", "9999-12-31"), 521724),
    ):
        with pytest.raises(Refusal) as refused:
            await buckets(reading, world, settings)
        assert (refused.value.code, refused.value.limit, refused.value.actual) == ("BAD_USER_INPUT", 60, count)


async def test_a_span_that_ends_before_it_begins_is_refused(reading: Reading, world: World):
    with pytest.raises(Refusal, match="before `from`"):
        await buckets(reading, world, span("2026-11-20", "2026-11-19"))
    assert len(await buckets(reading, world, span("2026-11-20", "2026-11-20"))) == 1


async def test_weeks_begin_on_the_organizations_first_weekday(reading: Reading, world: World):
    for viewer in (viewer for viewer in world.viewers if viewer.granted_portfolio_ids is None):
        [organization] = world.of("organization", viewer.tenant_id)
        answer = await reading.read(_TEXT, viewer, span("2026-11-01", "2026-11-30"))
        weeks = json.loads(answer)["teams"]["nodes"][0]["capacity"]
        assert {date.fromisoformat(week["startOn"]).isoweekday() for week in weeks} == {organization["first_weekday"]}
        assert weeks[0]["startOn"] <= "2026-11-01" <= weeks[0]["endOn"]
        assert weeks[-1]["startOn"] <= "2026-11-30" <= weeks[-1]["endOn"]
