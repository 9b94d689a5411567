"""Rules decide which items serve which initiative; links are intervals."""

from datetime import timedelta
from uuid import UUID

from runtime.clock import Clock
from tests.github.tracker import NOW, Tracker, issue, issue_event

AT = "2026-11-20T10:00:00Z"
LATER = "2026-11-20T11:00:00Z"
_RELINK = "select initiative_id from relink_items($1, null, $2) as initiative_id"


def milestone(title: str, updated_at: str = AT, number: int = 4) -> dict[str, object]:
    return {"node_id": f"M_{number}", "number": number, "title": title, "updated_at": updated_at}


async def open_issue(tracker: Tracker, number: int, repository: str = "example/shop", **fields: object) -> None:
    payload = issue_event("opened", issue(number, AT, **fields))
    payload["repository"] = {"full_name": repository}
    await tracker.deliver("issues", payload)
    await tracker.apply()


async def relink(tracker: Tracker) -> list[UUID]:
    async with tracker.database.transaction(tracker.tenant_id) as connection:
        rows = await connection.fetch(_RELINK, tracker.connection_id, NOW + timedelta(hours=1))
    return sorted(row["initiative_id"] for row in rows)


async def test_explicit_wins_over_milestone_and_milestone_over_label(tracker: Tracker) -> None:
    explicit, by_milestone, by_label = [await tracker.add_initiative(key) for key in "EML"]
    await tracker.add_rule(explicit, "EXPLICIT", "Example/Shop#1")
    await tracker.add_rule(by_milestone, "MILESTONE", "v1.0")
    await tracker.add_rule(by_label, "LABEL", "API")
    labels = [{"name": "api"}]
    await open_issue(tracker, 1, milestone=milestone("v1.0"), labels=labels)
    await open_issue(tracker, 2, milestone=milestone("v1.0"), labels=labels)
    await open_issue(tracker, 3, labels=labels)
    await open_issue(tracker, 4)
    assert await tracker.linked_keys(explicit) == ["example/shop#1"]
    assert await tracker.linked_keys(by_milestone) == ["example/shop#2"]
    assert await tracker.linked_keys(by_label) == ["example/shop#3"]


async def test_rules_of_one_kind_may_share_an_item(tracker: Tracker) -> None:
    one, two = await tracker.add_initiative("ONE"), await tracker.add_initiative("TWO")
    await tracker.add_rule(one, "LABEL", "api")
    await tracker.add_rule(one, "LABEL", "web")
    await tracker.add_rule(two, "LABEL", "web")
    await open_issue(tracker, 1, labels=[{"name": "api"}, {"name": "web"}])
    assert await tracker.linked_keys(one) == await tracker.linked_keys(two) == ["example/shop#1"]


async def test_a_rule_of_one_repository_leaves_the_others_alone(tracker: Tracker) -> None:
    shop, everywhere = await tracker.add_initiative("SHOP"), await tracker.add_initiative("ALL")
    await tracker.add_rule(shop, "MILESTONE", "4", container="Example/Shop")
    await tracker.add_rule(everywhere, "LABEL", "api")
    await open_issue(tracker, 1, milestone=milestone("v1.0"))
    other = milestone("v1.0", number=4) | {"node_id": "M_other"}
    await open_issue(tracker, 2, "example/docs", milestone=other, labels=[{"name": "api"}])
    assert await tracker.linked_keys(shop) == ["example/shop#1"]
    assert await tracker.linked_keys(everywhere) == ["example/docs#2"]


async def test_a_milestone_keeps_its_links_when_it_is_renamed(tracker: Tracker) -> None:
    initiative = await tracker.add_initiative("ALPHA")
    await tracker.add_rule(initiative, "MILESTONE", "v1.0")
    await open_issue(tracker, 1, milestone=milestone("v1.0"))
    renamed = milestone("v1.0 final", LATER)
    repository = {"full_name": "example/shop"}
    payload = {"action": "edited", "milestone": renamed, "repository": repository}
    await tracker.deliver("milestone", payload)
    await tracker.apply()
    await open_issue(tracker, 2, milestone=renamed)
    assert await tracker.linked_keys(initiative) == ["example/shop#1", "example/shop#2"]
    rows = await tracker.fetch("select distinct milestone_title from work_item where tenant_id = $1")
    assert [row["milestone_title"] for row in rows] == ["v1.0 final"]


async def test_a_deleted_milestone_lets_its_items_go(tracker: Tracker) -> None:
    initiative = await tracker.add_initiative("ALPHA")
    await tracker.add_rule(initiative, "MILESTONE", "v1.0")
    await open_issue(tracker, 1, milestone=milestone("v1.0"))
    repository = {"full_name": "example/shop"}
    deleted = {"action": "deleted", "milestone": milestone("v1.0"), "repository": repository}
    await tracker.deliver("milestone", deleted)
    await tracker.apply()
    assert await tracker.linked_keys(initiative) == []


async def test_a_move_closes_one_interval_and_opens_another(tracker: Tracker) -> None:
    one, two = await tracker.add_initiative("ONE"), await tracker.add_initiative("TWO")
    await tracker.add_rule(one, "LABEL", "api")
    await tracker.add_rule(two, "LABEL", "web")
    await open_issue(tracker, 1, labels=[{"name": "api"}])
    tracker.clock = Clock(now=lambda: NOW + timedelta(days=2))
    moved = issue(1, LATER, labels=[{"name": "web"}])
    await tracker.deliver("issues", issue_event("labeled", moved))
    await tracker.apply()
    links = "select * from work_item_link where tenant_id = $1 order by valid_from"
    first, second = await tracker.fetch(links)
    assert (first["initiative_id"], first["valid_from"]) == (one, NOW)
    assert first["valid_to"] == second["valid_from"] == NOW + timedelta(days=2)
    assert (second["initiative_id"], second["valid_to"]) == (two, None)


async def test_a_deleted_item_keeps_its_link_for_the_day_it_returns(tracker: Tracker) -> None:
    initiative = await tracker.add_initiative("ALPHA")
    await tracker.add_rule(initiative, "LABEL", "api")
    await open_issue(tracker, 1, labels=[{"name": "api"}])
    gone = issue(1, AT, labels=[{"name": "api"}])
    await tracker.deliver("issues", issue_event("deleted", gone))
    await tracker.apply()
    assert await tracker.linked_keys(initiative) == ["example/shop#1"]


async def test_a_changed_rule_is_applied_to_the_items_that_are_there(tracker: Tracker) -> None:
    one, two = await tracker.add_initiative("ONE"), await tracker.add_initiative("TWO")
    for number in (1, 2):
        await open_issue(tracker, number, labels=[{"name": "api"}])
    by_label = await tracker.add_rule(one, "LABEL", "api")
    assert await relink(tracker) == [one]
    assert await relink(tracker) == []
    explicit = await tracker.add_rule(two, "EXPLICIT", "example/shop#2")
    assert await relink(tracker) == sorted([one, two])
    assert await tracker.linked_keys(one) == ["example/shop#1"]
    archive = "update linking_rule set archived_at = now() where id = $1"
    await tracker.administration.execute(archive, explicit)
    assert await relink(tracker) == sorted([one, two])
    assert await tracker.linked_keys(one) == ["example/shop#1", "example/shop#2"]
    await tracker.administration.execute(archive, by_label)
    assert await relink(tracker) == [one]
    assert await tracker.linked_keys(one) == await tracker.linked_keys(two) == []


async def test_a_link_tells_the_rule_that_made_it(tracker: Tracker) -> None:
    initiative = await tracker.add_initiative("ALPHA")
    by_label = await tracker.add_rule(initiative, "LABEL", "api")
    await open_issue(tracker, 1, labels=[{"name": "api"}])
    explicit = await tracker.add_rule(initiative, "EXPLICIT", "example/shop#1")
    assert await relink(tracker) == []
    [link] = await tracker.fetch("select rule_id, valid_from from work_item_link where tenant_id = $1")
    assert (link["rule_id"], link["valid_from"]) == (explicit, NOW)
    assert link["rule_id"] != by_label


async def test_the_items_of_another_tenant_are_out_of_reach(tracker: Tracker) -> None:
    """Even by the id of its connection."""
    await open_issue(tracker, 1, labels=[{"name": "api"}])
    stranger = await tracker.neighbor()
    initiative = await stranger.add_initiative("ALPHA")
    await stranger.add_rule(initiative, "LABEL", "api")
    stranger.connection_id = tracker.connection_id
    assert await relink(stranger) == []
