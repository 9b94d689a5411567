"""Lines of what people said and saved: in whose name, and never another's secret."""

import asyncio

from tests.bulk.office import KPI, PORTFOLIO, PRODUCT, Office, counts, read_lines
from tests.resolvers.tenant import Tenant

_JIRA = {"external": {"system": "JIRA", "id": "1"}}
_REPORT = {
    "type": "statusUpdate",
    "subject": {"product": "CHURN"},
    "author": {"person": "ada"},
    "reportedAt": "2026-02-05T09:00:00Z",
    "status": "ON_TRACK",
}
_VIEW = {
    "type": "savedView",
    "owner": {"person": "ada"},
    "entity": "PRODUCT",
    "name": "Ours",
    "filter": {"ownerId": {"in": [{"person": "ada"}]}},
}


async def test_a_report_is_known_by_subject_author_and_instant_and_stays_as_it_was_made(office: Office):
    bob = {"type": "person", "key": "bob", "name": "Bob"}
    job = await office.imported(
        [
            PORTFOLIO,
            PRODUCT,
            bob,
            _REPORT,
            {**_REPORT, "author": {"person": "bob"}},
            {**_REPORT, "reportedAt": "2026-02-05T10:00:00+01:00"},
            {**_REPORT, "status": "AT_RISK"},
            {**_REPORT, "body": "More."},
            {name: value for name, value in _REPORT.items() if name != "author"},
            {name: value for name, value in _REPORT.items() if name != "reportedAt"},
            {**_REPORT, "author": {"team": "CORE"}},
            {**_REPORT, "reportedAt": "2027-02-05T10:00:00Z"},
        ]
    )
    assert await office.errors(job["id"]) == [
        (7, "INVALID", ["status"]),
        (8, "INVALID", ["body"]),
        (9, "REQUIRED", ["author"]),
        (10, "REQUIRED", ["reportedAt"]),
        (11, "INVALID", ["author"]),
        (12, "INVALID", ["reportedAt"]),
    ]
    assert counts(job)[:3] == (5, 0, 1)


async def test_under_an_external_name_what_an_object_is_known_by_is_not_changed_in_silence(office: Office):
    linear = {"external": {"system": "LINEAR", "id": "1"}}
    initiative = {"type": "initiative", "key": "RETRAIN", "name": "Retrain", "portfolio": "AI"}
    milestone = {"type": "milestone", "initiative": "RETRAIN", "name": "Beta", "dueOn": "2026-12-01", **linear}
    bob = {"type": "person", "key": "bob", "name": "Bob"}
    content = [PORTFOLIO, PRODUCT, bob, initiative, {**initiative, "key": "AUDIT"}, {**_REPORT, **linear}, milestone]
    assert counts(await office.imported(content)) == (7, 0, 0, 0)
    job = await office.imported(
        [
            {**_REPORT, **linear},
            {**_REPORT, **linear, "author": {"person": "bob"}},
            {**_REPORT, **linear, "reportedAt": "2026-02-06T09:00:00Z"},
            {**milestone, "initiative": "AUDIT"},
        ]
    )
    assert await office.errors(job["id"]) == [
        (2, "INVALID", ["author"]),
        (3, "INVALID", ["reportedAt"]),
        (4, "INVALID", ["initiative"]),
    ]


async def test_a_filter_names_objects_as_lines_do(office: Office):
    job = await office.imported(
        [
            {**PORTFOLIO, **_JIRA},
            PRODUCT,
            KPI,
            _VIEW,
            {**_VIEW, "name": " Ours "},
            {**_VIEW, "filter": {"portfolioId": {"eq": {"portfolio": _JIRA}}}},
            {**_VIEW, "filter": {"ownerId": {"in": [{"person": "ada"}, {"person": "nobody"}]}}},
            {**_VIEW, "filter": {"colour": {"person": "ada"}}},
            {**_VIEW, "filter": {"or": [{"ownerId": {"in": [{"person": "ada"}] * 1001}}]}},
            {**_VIEW, "isShared": False},
            {**_VIEW, "name": "a\0"},
            {**_VIEW, "filter": {"name": {"eq": "a\0"}}},
        ]
    )
    assert await office.errors(job["id"]) == [
        (7, "NOT_FOUND", ["filter"]),
        (8, "INVALID", ["filter"]),
        (9, "LIMIT_EXCEEDED", ["filter"]),
        (10, "INVALID", ["isShared"]),
        (11, "INVALID", ["name"]),
        (12, "INVALID", ["filter"]),
    ]
    assert counts(job)[:3] == (5, 0, 1)
    [ada] = await office.tenant.rows("select id from person where key = 'ada'")
    [view] = await office.tenant.rows("select filter from saved_view order by id limit 1")
    assert view["filter"] == f'{{"ownerId": {{"in": ["per_{ada["id"]}"]}}}}'


async def test_a_view_that_is_not_shared_is_its_owners_alone(office: Office):
    await office.tenant.made("savedViewCreate", {"name": "Secret", "entity": "PRODUCT"})
    assert await office.exported("savedView") == b""
    await office.tenant.made("savedViewCreate", {"name": "Ours", "entity": "PRODUCT", "is_shared": True})
    assert [view["name"] for view in read_lines(await office.exported("savedView"))] == ["Ours"]


async def test_in_the_name_of_another_needs_the_scope_admin_and_a_shared_view_an_unlimited_key(
    office: Office, tenant: Tenant
):
    await office.imported([PORTFOLIO, {"type": "person", "key": "bob", "name": "Bob"}])
    [home] = await tenant.rows("select id from portfolio")
    scopes = frozenset({"READ", "WRITE"})
    writer, limited = await Office.open(tenant, scopes), await Office.open(tenant, scopes, [f"pfl_{home['id']}"])
    job = await writer.imported([_VIEW, {**_VIEW, "owner": {"person": "bob"}}])
    assert await writer.errors(job["id"]) == [(2, "FORBIDDEN", ["owner"])]
    job = await limited.imported([_VIEW])
    assert await limited.errors(job["id"]) == [(1, "FORBIDDEN", None)]


async def test_a_limited_key_reports_in_its_own_name(office: Office, tenant: Tenant):
    await office.imported([PORTFOLIO, PRODUCT])
    [home] = await tenant.rows("select id from portfolio")
    limited = await Office.open(tenant, grants=[f"pfl_{home['id']}"])
    await tenant.rows("update product set owner_id = null")
    job = await limited.imported([_REPORT, {**_REPORT, "author": {"person": "nobody"}}])
    assert await limited.errors(job["id"]) == [(2, "NOT_FOUND", ["author"])]


async def test_a_limited_key_may_say_again_what_names_an_object_that_it_does_not_see(office: Office, tenant: Tenant):
    far = {"type": "initiative", "key": "FAR", "name": "Far", "portfolio": "BB"}
    near = {**far, "key": "NEAR", "portfolio": "AI"}
    dependency = {"type": "dependency", "blocker": "FAR", "blocked": "NEAR", **_JIRA}
    await office.imported([PORTFOLIO, {**PORTFOLIO, "key": "BB"}, far, near, dependency])
    [home] = await tenant.rows("select id from portfolio where key = 'AI'")
    limited = await Office.open(tenant, grants=[f"pfl_{home['id']}"])
    assert counts(await limited.imported([dependency, {**dependency, "note": "Law"}])) == (0, 1, 1, 0)
    job = await office.imported([{**dependency, "blocker": "NOWHERE"}])
    assert await office.errors(job["id"]) == [(1, "INVALID", ["blocker"])]


async def test_reports_of_one_day_keep_their_names_elsewhere(office: Office, other: Office):
    reports = [{**_REPORT, "external": {"system": "LINEAR", "id": str(number)}} for number in range(3)]
    content = [PORTFOLIO, PRODUCT, *reports]
    assert counts(await office.imported(content)) == (5, 0, 0, 0)
    exported = await office.exported()
    job = await other.imported(exported)
    assert await other.errors(job["id"]) == []
    assert await other.exported() == exported
    assert counts(await other.imported(exported))[:2] == (0, 0)


async def test_the_latest_report_comes_first_so_that_none_is_shown_for_a_moment(office: Office):
    reports = [{**_REPORT, "reportedAt": f"2026-02-{day:02}T09:00:00Z"} for day in (3, 9, 1)]
    await office.imported([PORTFOLIO, PRODUCT, *reports])
    days = [line["reportedAt"][8:10] for line in read_lines(await office.exported("statusUpdate"))]
    assert days == ["09", "03", "01"]


async def test_two_imports_at_once_make_one_of_each(office: Office, tenant: Tenant):
    await office.imported([PORTFOLIO, PRODUCT])
    second = await Office.open(tenant)
    content = [{**_VIEW, "name": f"View {number}"} for number in range(40)]
    content += [{**_REPORT, "reportedAt": f"2026-02-05T09:{minute:02}:00Z"} for minute in range(40)]
    jobs = [await office.start(content), await second.start(content)]
    first, other = await asyncio.gather(office.run(jobs[0]), second.run(jobs[1]))
    assert first["created_count"] + other["created_count"] == len(content)
    [made] = await tenant.rows("select (select count(*) from saved_view) + (select count(*) from status_update) as n")
    assert made["n"] == len(content)
