"""Status updates: reported beside what is measured, shown where they differ, and never changed."""

from datetime import timedelta
from uuid import UUID

from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes, uuid_of

_SCORE = """
with score as (
  insert into health_score (tenant_id, id, node_id, as_of, revision, policy_version, engine_version, fingerprint,
    lifecycle, band, band_since, coverage_mp, freshness_mp, confidence_mp, confidence_level, low_mp, high_mp,
    dimension_names, dimension_points_mp, contribution_keys, contribution_points_mp, driver_paths, driver_codes,
    driver_points_mp, driver_remainder_mp, cap_keys, cap_points_mp, excluded_lifecycles, excluded_counts, computed_at)
  values ($1, gen_random_uuid(), $2, '2026-02-20', 1, 'default-1', '1', '', 'ACTIVE', $3, '2026-02-20', 0, 0, 0,
    'LOW', 0, 100000, '{}', '{}', '{}', '{}', '{}', '{}', '{}', 0, '{}', '{}', '{}', '{}', now()) returning id)
update product p set health_score_id = score.id, health_band = $3 from score where p.tenant_id = $1 and p.id = $2
returning p.id
"""
_ASK = """query Ask($id: ID!) {
  node(id: $id) { ... on Product {
    reportedStatus reportedAt latestStatusUpdate { id body author { person { name } } } divergence { kind since }
    statusUpdates { totalCount }
  } }
  products(filter: {health: {diverging: true}}) { totalCount }
}"""


async def _score(tenant: Tenant, product: str, band: str) -> None:
    await tenant.rows(_SCORE, tenant.id, uuid_of(product), band)


async def _report(tenant: Tenant, subject: str, status: str, body: str | None = None) -> str:
    return await tenant.made("statusUpdateCreate", {"subject_id": subject, "status": status, "body": body})


async def test_the_latest_report_is_shown_with_its_author_and_waits_for_the_worker(
    tenant: Tenant, ask: Ask, product: str
):
    await _report(tenant, product, "OFF_TRACK")
    latest = await _report(tenant, product, "ON_TRACK", "All **green**.")
    found = (await ask(_ASK, id=product))["node"]
    assert found["reportedStatus"] == "ON_TRACK"
    assert found["latestStatusUpdate"] == {
        "id": latest,
        "body": "All **green**.",
        "author": {"person": {"name": "Ada Lovelace"}},
    }
    assert (found["divergence"], found["statusUpdates"]["totalCount"]) == (None, 2)
    assert await tenant.pending() == {uuid_of(product)}
    [event, _] = await tenant.events("STATUS_UPDATE_CREATED")
    assert "green" not in str(event["told"])


async def test_a_watermelon_is_shown_from_the_later_of_report_and_band_and_told_once(
    tenant: Tenant, ask: Ask, product: str
):
    await _score(tenant, product, "CRITICAL")
    await _report(tenant, product, "ON_TRACK")
    await _report(tenant, product, "ON_TRACK")
    found = await ask(_ASK, id=product)
    assert found["node"]["divergence"] == {"kind": "OPTIMISTIC", "since": "2026-03-02"}
    assert found["products"]["totalCount"] == 1
    [event] = await tenant.events("HEALTH_DIVERGED")
    assert event["told"] == [{"field": "divergence", "from": None, "to": "OPTIMISTIC"}]
    await _report(tenant, product, "OFF_TRACK")
    found = await ask(_ASK, id=product)
    assert (found["node"]["divergence"], found["products"]["totalCount"]) == (None, 0)
    assert len(await tenant.events("HEALTH_CONVERGED")) == 1


async def test_every_pair_of_report_and_band_diverges_as_described(tenant: Tenant, ask: Ask, product: str):
    table = {
        "ON_TRACK": {"AT_RISK": "OPTIMISTIC", "CRITICAL": "OPTIMISTIC"},
        "AT_RISK": {"CRITICAL": "OPTIMISTIC", "HEALTHY": "PESSIMISTIC"},
        "OFF_TRACK": {"HEALTHY": "PESSIMISTIC", "WATCH": "PESSIMISTIC"},
    }
    for status, expected in table.items():
        for band in ("HEALTHY", "WATCH", "AT_RISK", "CRITICAL", "UNKNOWN"):
            await _score(tenant, product, band)
            await _report(tenant, product, status)
            shown = (await ask(_ASK, id=product))["node"]["divergence"]
            assert (shown and shown["kind"]) == expected.get(band), (status, band)


async def test_a_retracted_report_gives_way_to_the_one_before(tenant: Tenant, ask: Ask, product: str):
    before = await _report(tenant, product, "OFF_TRACK")
    wrong = await _report(tenant, product, "ON_TRACK")
    for _ in range(2):
        await tenant.change("statusUpdateArchive", {"id": wrong})
    found = (await ask(_ASK, id=product))["node"]
    assert (found["latestStatusUpdate"]["id"], found["reportedStatus"]) == (before, "OFF_TRACK")
    assert len(await tenant.events("STATUS_UPDATE_ARCHIVED")) == 1
    await tenant.change("statusUpdateArchive", {"id": before})
    found = (await ask(_ASK, id=product))["node"]
    assert (found["latestStatusUpdate"], found["reportedStatus"], found["reportedAt"]) == (None, None, None)


_SEAL = """
insert into event_seal (tenant_id, sequence, event_id, digest, chain_hash, sealed_at)
select tenant_id, row_number() over (order by id), id, '', '', now() from event where tenant_id = $1
"""


async def test_what_happened_since_the_report_before_is_listed(tenant: Tenant, ask: Ask, product: str, database: str):
    first = await _report(tenant, product, "ON_TRACK")
    await tenant.change("productUpdate", {"id": product, "tier": "TIER_1"})
    await tenant.change("productUpdate", {"id": product, "tier": "TIER_2"})
    second = await _report(tenant, product, "AT_RISK")
    await tenant.change("productUpdate", {"id": product, "tier": "TIER_3"})
    await tenant.as_superuser(database, _SEAL, tenant.id)
    text = """query Ask($ids: [ID!]!) {
      nodes(ids: $ids) { ... on StatusUpdate { changesSincePrevious { nodes { type } } } }
    }"""
    found = await ask(text, ids=[first, second])
    types = [[event["type"] for event in node["changesSincePrevious"]["nodes"]] for node in found["nodes"]]
    assert types == [["PRODUCT_CREATED"], ["PRODUCT_UPDATED", "PRODUCT_UPDATED"]]


async def test_the_organization_reports_too_and_hides_it_from_limited_keys(tenant: Tenant, ask: Ask, home: str):
    await _report(tenant, f"org_{tenant.id}", "AT_RISK")
    text = "{ organization { reportedStatus latestStatusUpdate { status } statusUpdates { totalCount } } }"
    everyone = (await ask(text))["organization"]
    assert everyone["reportedStatus"] == everyone["latestStatusUpdate"]["status"] == "AT_RISK"
    limited = (await ask(text, tenant.viewer(grants=[home])))["organization"]
    assert limited == {"reportedStatus": None, "latestStatusUpdate": None, "statusUpdates": {"totalCount": 0}}


async def test_nothing_archived_and_nothing_unseen_is_reported_on(tenant: Tenant, product: str):
    await tenant.change("productArchive", {"id": product})
    answer = await tenant.change("statusUpdateCreate", {"subject_id": product, "status": "ON_TRACK"})
    assert codes(answer) == [("ARCHIVED", "subjectId")]
    unknown = f"prd_{UUID(int=7)}"
    answer = await tenant.change("statusUpdateCreate", {"subject_id": unknown, "status": "ON_TRACK"})
    assert codes(answer) == [("NOT_FOUND", "subjectId")]


async def test_a_report_older_than_fourteen_days_is_stale(tenant: Tenant, product: str):
    await _score(tenant, product, "HEALTHY")
    await _report(tenant, product, "ON_TRACK")
    settle = "select * from settle_divergence(array[$1::uuid], $2)"
    now = tenant.clock.current
    assert await tenant.rows(settle, uuid_of(product), now + timedelta(days=14)) == []
    [told] = await tenant.rows(settle, uuid_of(product), now + timedelta(days=15))
    assert (told["divergence_before"], told["divergence_after"]) == (None, "STALE_REPORT")
    assert await tenant.rows(settle, uuid_of(product), now + timedelta(days=16)) == []


async def test_a_report_of_another_and_of_an_earlier_day_takes_its_place_among_the_others(
    tenant: Tenant, ask: Ask, product: str
):
    bob = await tenant.made("personCreate", {"key": "bob", "name": "Bob"})
    now = tenant.clock.current
    latest = await _report(tenant, product, "OFF_TRACK")
    earlier = {"subject_id": product, "status": "ON_TRACK", "author_id": bob, "reported_at": now - timedelta(days=3)}
    await tenant.made("statusUpdateCreate", earlier)
    text = """query Ask($id: ID!) { node(id: $id) { ... on Product { latestStatusUpdate { id }
      statusUpdates { nodes { status reportedAt createdAt author { person { name } } } } } } }"""
    found = (await ask(text, id=product))["node"]
    assert found["latestStatusUpdate"]["id"] == latest
    [_, before] = found["statusUpdates"]["nodes"]
    assert before == {
        "status": "ON_TRACK",
        "reportedAt": (now - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "createdAt": before["createdAt"],
        "author": {"person": {"name": "Bob"}},
    }
    assert before["createdAt"] > before["reportedAt"]
    [_, event] = await tenant.events("STATUS_UPDATE_CREATED")
    assert {"field": "authorId", "from": None, "to": bob} in event["told"]


async def test_another_author_or_instant_needs_the_scope_admin_and_lies_in_the_past(tenant: Tenant, product: str):
    bob = await tenant.made("personCreate", {"key": "bob", "name": "Bob"})
    report = {"subject_id": product, "status": "ON_TRACK"}
    now, writer = tenant.clock.current, tenant.viewer(scopes=frozenset({"READ", "WRITE"}))
    for more, viewer, fault in (
        ({"author_id": bob}, writer, [("FORBIDDEN", "authorId")]),
        ({"reported_at": now - timedelta(days=1)}, writer, [("FORBIDDEN", "reportedAt")]),
        ({"reported_at": now + timedelta(minutes=1)}, tenant.viewer(), [("INVALID", "reportedAt")]),
    ):
        assert codes(await tenant.change("statusUpdateCreate", {**report, **more}, viewer)) == fault
    assert codes(await tenant.change("statusUpdateCreate", report, writer)) == []


async def test_under_its_external_name_a_report_keeps_author_and_instant(tenant: Tenant, product: str):
    bob = await tenant.made("personCreate", {"key": "bob", "name": "Bob"})
    external = {"system": "LINEAR", "id": "UPD-1"}
    report = {"subject_id": product, "status": "ON_TRACK", "author_id": bob, "external": external}
    report["reported_at"] = tenant.clock.current - timedelta(days=1)
    made = await tenant.change("statusUpdateUpsert", report)
    assert (await tenant.change("statusUpdateUpsert", report))["statusUpdate"] == made["statusUpdate"]
    for more in ({"reported_at": tenant.clock.current - timedelta(days=2)}, {"author_id": f"per_{tenant.person_id}"}):
        assert codes(await tenant.change("statusUpdateUpsert", {**report, **more})) == [("CONFLICT", "external")]
