"""Lines that nobody would write by hand: the job goes on behind each of them."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.bulk.office import KPI, PORTFOLIO, PRODUCT, Office, counts, measurement, read_lines


async def test_whatever_a_line_holds_it_is_applied_or_refused_and_the_job_goes_on(office: Office):
    chance = random.Random(20261124)
    content = read_lines((Path(__file__).parent.parent / "data" / "bulk" / "everything.jsonl").read_bytes())
    values = [None, True, 0, -1.5, 10**30, "", "x" * 300, "\x00", "ada", "AI", [], [None], ["AI"], {}, {"a": {}}]
    values += [{"product": "CHURN"}, {"external": {"system": 1, "id": None}}, "2026-02-30", "prd_" + "0" * 36]
    spoilt: list[Any] = []
    for line in content * 15:
        names = [*line, "version", "external", "parent", "unknown"]
        spoilt.append(line | {chance.choice(names): chance.choice(values) for _ in range(chance.choice([1, 1, 2]))})
    job = await office.imported([*content, *spoilt])
    assert (job["state"], job["lines_done"]) == ("COMPLETED", len(content) + len(spoilt))
    assert len(content) < job["created_count"] + job["changed_count"] + job["unchanged_count"]
    assert job["failed_count"] > 300


async def test_one_spoilt_line_does_not_end_the_job_and_its_words_are_kept_short(office: Office):
    deep = b'{"type":"product","key":' + b"[" * 500 + b"]" * 500 + b"}"
    job = await office.imported(
        [
            PORTFOLIO,
            PRODUCT,
            KPI,
            b'{"type":"product","a\\u0000b":1}',
            deep,
            {**PRODUCT, "tier": "x" * 200_000},
            {**PRODUCT, "\x1b[2J": 1},
            measurement(1),
            {**measurement(2), "note": "a\x00b"},
            {**measurement(3), "source": "\x00", "externalId": "x" * 100_000},
            {**measurement(4), "kpi": "US\x00ERS"},
            measurement(5),
            {"type": "labels", "subject": {"product": "CHURN"}, "labels": ["x"] * 251},
            {"type": "labels", "subject": {"product": "CHURN"}, "labels": [["x"] * 200] * 200},
        ]
    )
    assert (job["state"], counts(job)) == ("COMPLETED", (5, 0, 0, 9))
    rows = await office.tenant.rows("select * from job_line_error where job_id = $1 order by line", job["id"])
    assert [row["line"] for row in rows if row["position"] == 0] == [4, 5, 6, 7, 9, 10, 11, 13, 14]
    assert max(len(text) for row in rows for text in (row["message"], *(row["field"] or ()))) <= 500
    assert "\x1b" not in str([dict(row) for row in rows]).replace("\\x1b", "")
    assert [row["code"] for row in rows if row["line"] == 13] == ["LIMIT_EXCEEDED"]


async def test_a_fault_of_ours_at_one_line_does_not_end_the_job(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(office.runner._importer.types["skill"], "declared", None)
    job = await office.imported([{"type": "skill", "key": "S", "name": "S"}, PORTFOLIO])
    assert (job["state"], counts(job)) == ("COMPLETED", (1, 0, 0, 1))
