"""An import: lines through the API's own changes, each once, whatever happens in between."""

from pathlib import Path

import pytest

from tests.bulk.office import KPI, PORTFOLIO, PRODUCT, Office, counts, lines, measurement, read_lines


async def test_lines_make_objects_that_later_lines_name(office: Office):
    job = await office.imported([PORTFOLIO, PRODUCT, KPI, measurement(1), measurement(2, 2.5)])
    assert await office.errors(job["id"]) == []
    assert (job["state"], counts(job)) == ("COMPLETED", (5, 0, 0, 0))
    [kpi] = await office.tenant.rows("select * from kpi")
    assert float(kpi["latest_value"]) == 2.5


async def test_the_same_file_again_changes_nothing(office: Office):
    content = [PORTFOLIO, PRODUCT, KPI, measurement(1), measurement(2, 2.5, source="CSV", externalId="2")]
    await office.imported(content)
    events = await office.tenant.events()
    job = await office.imported(content)
    assert counts(job) == (0, 0, 5, 0)
    assert [event["type"] for event in (await office.tenant.events())[len(events) :]] == ["IMPORT_COMPLETED"]


async def test_what_is_wrong_with_a_line_is_told_by_its_number_and_undoes_that_line_alone(office: Office):
    job = await office.imported(
        [
            PORTFOLIO,
            b'{"type": "product"',
            b"[1, 2]",
            {"key": "CHURN"},
            {"type": "prodct", "key": "CHURN"},
            {**PRODUCT, "colour": "red"},
            {**PRODUCT, "portfolioId": "AI"},
            {**PRODUCT, "portfolio": "NOWHERE"},
            {**PRODUCT, "portfolio": ["AI"]},
            {**PRODUCT, "owner": "nobody", "importance": 0},
            {**PRODUCT, "importance": "high"},
            {**PRODUCT, "tier": "TIER_9"},
            {"type": "product", "portfolio": "AI", "name": "Nameless"},
            {"type": "product", "key": "NEW", "name": "New"},
            b"",
            {**PRODUCT, "name": "Churn"},
            {**KPI, "subject": "CHURN"},
            {**KPI, "subject": {"team": "CORE"}},
            {**KPI, "subject": {"product": "NOWHERE"}},
            {**KPI, "target": {"target": 100, "redAt": 200}},
            {**KPI, "target": {"tarjet": 100}},
            {"type": "labels", "subject": {"product": "CHURN"}, "labels": ["unheard-of"]},
            measurement(1) | {"kpi": "NOWHERE"},
            measurement(1) | {"value": None},
            measurement(1) | {"observedAt": "yesterday"},
            measurement(1) | {"observedAt": "2099-01-01T00:00:00Z"},
            measurement(1) | {"colour": "red"},
            measurement(1, source="CSV"),
        ]
    )
    assert await office.errors(job["id"]) == [
        (2, "INVALID", None),
        (3, "INVALID", None),
        (4, "INVALID", None),
        (5, "INVALID", None),
        (6, "INVALID", ["colour"]),
        (7, "INVALID", ["portfolio"]),
        (8, "NOT_FOUND", ["portfolio"]),
        (9, "INVALID", ["portfolio"]),
        (10, "NOT_FOUND", ["owner"]),
        (10, "INVALID", ["importance"]),
        (11, "INVALID", ["importance"]),
        (12, "INVALID", ["tier"]),
        (13, "REQUIRED", ["key"]),
        (14, "REQUIRED", ["portfolio"]),
        (17, "INVALID", ["subject"]),
        (18, "INVALID", ["subject"]),
        (19, "NOT_FOUND", ["subject"]),
        (20, "INVALID", ["target"]),
        (21, "INVALID", ["target"]),
        (22, "NOT_FOUND", ["labels", "0"]),
        (23, "NOT_FOUND", ["kpi"]),
        (24, "REQUIRED", ["value"]),
        (25, "INVALID", ["observedAt"]),
        (26, "INVALID", ["observedAt"]),
        (27, "INVALID", ["colour"]),
        (28, "INVALID", None),
    ]
    assert (job["state"], counts(job), job["lines_done"]) == ("COMPLETED", (2, 0, 0, 25), 28)


async def test_an_absent_member_stays_and_null_clears(office: Office):
    await office.imported([PORTFOLIO, {**PRODUCT, "description": "Why"}])
    job = await office.imported([{"type": "product", "key": "CHURN", "owner": None, "importance": 5}])
    assert counts(job) == (0, 1, 0, 0)
    [row] = await office.tenant.rows("select * from product")
    assert (row["description"], row["owner_id"], row["importance"], row["version"]) == ("Why", None, 5, 2)


async def test_a_line_with_a_version_is_refused_when_somebody_changed_the_object_meanwhile(office: Office):
    await office.imported([PORTFOLIO, PRODUCT])
    line = {"type": "product", "key": "CHURN", "version": 1}
    job = await office.imported([{**line, "name": "Churn"}, {**line, "name": "Late"}, {**line, "key": "NEW"}])
    assert await office.errors(job["id"]) == [(2, "STALE_VERSION", ["version"]), (3, "NOT_FOUND", ["version"])]


async def test_an_object_is_found_by_the_name_that_another_system_gives_it(office: Office):
    jira = {"external": {"system": "JIRA", "id": "1"}}
    written_otherwise = {"external": {"system": " \uff2aIRA", "id": "1 "}}
    job = await office.imported(
        [
            PORTFOLIO,
            {**PRODUCT, **jira},
            {"type": "product", "key": "LEAVE", **written_otherwise},
            {
                "type": "initiative",
                "key": "RETRAIN",
                "name": "Retrain",
                "portfolio": "AI",
                "products": [{"product": jira}],
            },
            {"type": "product", "key": "LEAVE", "external": {"system": "JIRA", "id": "2"}},
        ]
    )
    assert await office.errors(job["id"]) == [(5, "CONFLICT", ["external"])]
    [linked] = await office.tenant.rows(
        "select p.key from initiative_product l join product p on p.id = l.product_id and p.tenant_id = l.tenant_id"
    )
    assert linked == {"key": "LEAVE"}


async def test_what_an_object_keeps_for_ever_is_not_changed_in_silence(office: Office):
    await office.imported([PORTFOLIO, PRODUCT, KPI])
    job = await office.imported(
        [
            {**KPI, "subject": {"portfolio": "AI"}},
            {"type": "customField", "key": "COST", "name": "Cost", "entity": "PRODUCT", "valueType": "NUMBER"},
            {"type": "customField", "key": "COST", "valueType": "TEXT"},
        ]
    )
    assert await office.errors(job["id"]) == [(1, "INVALID", ["subject"]), (3, "INVALID", ["valueType"])]


async def test_an_archived_object_is_not_brought_back_by_a_line(office: Office):
    await office.imported([PORTFOLIO, PRODUCT, KPI])
    await office.tenant.rows("update product set archived_at = now()")
    job = await office.imported([PRODUCT])
    assert await office.errors(job["id"]) == [(1, "ARCHIVED", ["id"])]


async def test_a_measurement_that_says_another_value_under_its_name_is_a_correction(office: Office):
    named = {"source": "CSV", "externalId": "1"}
    await office.imported([PORTFOLIO, PRODUCT, KPI, measurement(1, 1, **named), measurement(1, 7)])
    job = await office.imported([measurement(1, 2, **named), measurement(1, 7), measurement(1, 7.0)])
    assert counts(job) == (1, 0, 2, 0)
    rows = await office.tenant.rows("select value::text from measurement where superseded_at is null order by value")
    assert [row["value"] for row in rows] == ["2", "7"]


async def test_of_many_mistakes_the_first_thousand_are_kept_and_all_are_counted(office: Office):
    job = await office.imported([{"type": "product"}] * 1500)
    assert job["failed_count"] == 1500
    errors = await office.errors(job["id"])
    assert (len(errors), errors[-1][0]) == (1000, 1000)


async def test_events_of_a_job_name_it_and_its_holder(office: Office):
    job = await office.imported([PORTFOLIO])
    told = [(event["via"], event["actor_key_id"], event["request_id"]) for event in await office.tenant.events()][-2:]
    assert told == [("API", office.viewer.key_id, f"job_{job['id']}")] * 2


# A dry run ----------------------------------------------------------------------------------------------


async def test_a_dry_run_says_what_would_become_of_each_line_and_changes_nothing(office: Office):
    content = [PORTFOLIO, PRODUCT, KPI, measurement(1), {**PRODUCT, "name": "Other"}, {**KPI, "subject": 1}]
    events = await office.tenant.events()
    rehearsed = await office.imported(content, dry_run=True)
    assert (rehearsed["state"], counts(rehearsed)) == ("COMPLETED", (4, 1, 0, 1))
    assert await office.errors(rehearsed["id"]) == [(6, "INVALID", ["subject"])]
    for table in ("portfolio", "product", "kpi", "measurement"):
        assert await office.tenant.rows(f"select from {table}") == []
    assert [event["type"] for event in (await office.tenant.events())[len(events) :]] == ["IMPORT_COMPLETED"]
    assert counts(await office.imported(content)) == counts(rehearsed)


async def test_in_a_dry_run_a_line_may_name_what_a_line_long_before_it_makes(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    """Every line is a transaction of its own here, undone before the next one."""
    monkeypatch.setattr("resolvers.bulk.import_job._LONGEST_RUN_SECONDS", 0)
    content = read_lines((Path(__file__).parent.parent / "data" / "bulk" / "everything.jsonl").read_bytes())
    rehearsed = await office.imported([*content, PRODUCT], dry_run=True)
    assert await office.errors(rehearsed["id"]) == []
    real = await office.imported([*content, PRODUCT])
    assert counts(real) == counts(rehearsed)


async def test_a_dry_run_that_was_killed_begins_again(office: Office):
    job = await office.start([PORTFOLIO, PRODUCT, {"type": "product"}], dry_run=True)
    await office.tenant.rows("update job set state = 'RUNNING', lines_done = 2, created_count = 2, failed_count = 7")
    row = await office.run(job)
    assert (counts(row), row["lines_done"]) == ((2, 0, 0, 1), 3)


async def test_a_measurement_that_comes_twice_in_a_file_counts_once(office: Office):
    nowhere = measurement(1) | {"kpi": "NOWHERE"}
    content = [PORTFOLIO, PRODUCT, KPI, measurement(1), measurement(1), measurement(1, 2), nowhere, nowhere]
    assert counts(await office.imported(content)) == (5, 0, 1, 2)


async def test_a_mark_of_the_byte_order_before_the_first_line_is_no_part_of_it(office: Office):
    content = b"\xef\xbb\xbf" + lines(PORTFOLIO)
    assert counts(await office.imported(content)) == (1, 0, 0, 0)


async def test_an_archived_milestone_is_passed_over_and_one_of_two_is_not_guessed(office: Office):
    milestone = {"type": "milestone", "initiative": "RETRAIN", "name": "Beta 👩‍🚀", "dueOn": "2026-12-01"}
    initiative = {"type": "initiative", "key": "RETRAIN", "name": "Retrain", "portfolio": "AI"}
    await office.imported([PORTFOLIO, initiative, milestone])
    await office.tenant.rows("update milestone set archived_at = now()")
    later = {**milestone, "dueOn": "2026-12-02"}
    assert counts(await office.imported([milestone, later])) == (1, 1, 0, 0)
    await office.tenant.rows("update milestone set archived_at = null")
    job = await office.imported([later])
    assert await office.errors(job["id"]) == [(1, "CONFLICT", ["name"])]


async def test_a_name_may_hold_whatever_the_api_takes(office: Office):
    label = "Crew 👩‍🚀"
    job = await office.imported(
        [
            PORTFOLIO,
            PRODUCT,
            {"type": "label", "name": label},
            {"type": "labels", "subject": {"product": "CHURN"}, "labels": [label]},
        ]
    )
    assert await office.errors(job["id"]) == []


async def test_a_field_that_a_system_owns_is_changed_by_lines_that_speak_for_it(office: Office):
    jira = {"external": {"system": "JIRA", "id": "1"}}
    owned = {"entity": {"product": "CHURN"}, "system": "JIRA", "externalId": "1", "authoritativeFields": ["name"]}
    await office.imported([PORTFOLIO, {**PRODUCT, **jira}, {"type": "externalLink", **owned}])
    line = {"type": "product", "key": "CHURN", "name": "Ours"}
    job = await office.imported([line, {**line, "name": "Theirs", **jira}])
    assert [error[:2] for error in await office.errors(job["id"])] == [(1, "FIELD_OWNED_ELSEWHERE")]
    [row] = await office.tenant.rows("select name from product")
    assert row["name"] == "Theirs"


async def test_an_address_there_is_taken_from_a_line_of_an_object_that_is_known(office: Office):
    def line(url: str) -> dict[str, object]:
        return {**PRODUCT, "external": {"system": "JIRA", "id": "1", "url": url}}

    await office.imported([PORTFOLIO, line("https://jira.example/1")])
    job = await office.imported([line("https://jira.example/2"), line("https://jira.example/2"), line("javascript:1")])
    assert counts(job) == (0, 1, 1, 1)
    assert await office.errors(job["id"]) == [(3, "INVALID", ["external", "url"])]
    [link] = await office.tenant.rows("select url from external_link")
    assert link["url"] == "https://jira.example/2"
