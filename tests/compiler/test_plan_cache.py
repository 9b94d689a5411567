"""Plans are made once for a shape, kept within bounds, and never hold a value."""

import pytest

from compiler.plan import Plan
from resolvers.engine import read as reads
from resolvers.engine.read import PlanCache
from tests.reads.reading import Reading
from tests.reads.world import World

SECRET_TEXT = "value-that-must-not-reach-the-sql"


def test_the_cache_keeps_a_bounded_number_of_plans_and_drops_the_least_recently_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reads, "_PLANS_KEPT", 3)
    cache = PlanCache()
    for key in "abcad":
        cache.get_or_make(key, lambda: Plan("select 1", ()))
    assert list(cache.entries) == ["c", "a", "d"]
    assert cache.size_bytes == 3 * len("select 1")


def test_the_cache_keeps_a_bounded_number_of_bytes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reads, "_PLAN_BYTES_KEPT", 100)
    cache = PlanCache()
    for key in range(50):
        cache.get_or_make(key, lambda: Plan("x" * 40, ()))
    assert len(cache.entries) == 2
    cache.get_or_make("large", lambda: Plan("x" * 1000, ()))
    assert list(cache.entries) == ["large"]
    assert cache.size_bytes == 1000


def test_a_refused_plan_leaves_nothing_behind():
    cache = PlanCache()

    def refuse() -> Plan:
        raise LookupError

    with pytest.raises(LookupError):
        cache.get_or_make("key", refuse)
    assert (len(cache.entries), cache.size_bytes) == (0, 0)


async def test_values_never_change_the_statement_and_shapes_share_one_plan(reading: Reading, world: World):
    text = (
        "query Q($filter: ProductFilter, $first: Int, $id: ID!, $after: String) {"
        " products(filter: $filter, first: $first, after: $after) { nodes { name } } node(id: $id) { id } }"
    )
    viewer, plans = world.viewers[0], reading.reader.plans.entries
    settings = [
        {"filter": {"key": {"in": [SECRET_TEXT] * count}}, "first": count, "id": f"prd_{count}"} for count in range(4)
    ]
    before = len(plans)
    statements = {reading.sql(text, viewer, values) for values in settings}
    for values in settings:
        await reading.read(text, viewer, values)
    assert len(statements) == 1
    assert len(plans) - before == 1
    assert SECRET_TEXT not in statements.pop()


async def test_shapes_viewers_and_documents_have_plans_of_their_own(reading: Reading, world: World):
    text = "query Q($filter: ProductFilter, $b: Boolean!) { products(filter: $filter) { totalCount @skip(if: $b) } }"
    plans = reading.reader.plans.entries
    before = len(plans)
    everybody, somebody = world.viewers[:2]
    for viewer in (everybody, somebody):
        for condition in (None, {}, {"key": None}, {"key": {"eq": "a"}}, {"not": {"key": {"eq": "a"}}}):
            for skipped in (True, False):
                await reading.read(text, viewer, {"filter": condition, "b": skipped})
    assert len(plans) - before == 2 * 5 * 2


async def test_literals_of_a_document_are_parameters_too(reading: Reading, world: World):
    text = f'{{ products(filter: {{name: {{contains: "{SECRET_TEXT}"}}}}) {{ totalCount }} }}'
    assert SECRET_TEXT not in reading.sql(text, world.viewers[0])
