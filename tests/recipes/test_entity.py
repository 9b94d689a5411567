"""The recipe of an entity: seven files, and what they make is changed, imported, walled off and read as every other."""

import re

from tests.recipes.conftest import Follow

# The entities of the recipe itself count as the recipe does: none of them touches more.
_MOST_FILES = 7
_CREATE_PORTFOLIO = """
mutation { portfolioCreate(input: {key: "AI", name: "AI"}) { portfolio { id } userErrors { message } } }
"""
_CREATE_INITIATIVE = """
mutation ($portfolio: ID!) {
  initiativeCreate(input: {key: "ONE", name: "One", portfolioId: $portfolio}) {
    initiative { id } userErrors { message }
  }
}
"""
_UPSERT = """
mutation ($input: DecisionUpsertInput!) {
  decisionUpsert(input: $input) { decision { id title version initiative { key } } userErrors { code field } }
}
"""
_ARCHIVE = """
mutation ($id: ID!) { decisionArchive(input: {id: $id}) { decision { archivedAt } userErrors { code } } }
"""
_READ = """
{
  decision(by: {external: {system: "WIKI", id: "7"}}) { title decidedOn externalLinks { nodes { externalId } } }
  initiative(by: {key: "ONE"}) { decisions { totalCount nodes { title } } }
}
"""


async def test_an_entity_made_by_the_recipe_is_all_that_an_entity_is(follow: Follow):
    workshop = await follow("An entity")
    made = await workshop.ask(_CREATE_PORTFOLIO)
    portfolio = made["portfolioCreate"]["portfolio"]["id"]
    made = await workshop.ask(_CREATE_INITIATIVE, portfolio=portfolio)
    initiative = made["initiativeCreate"]["initiative"]["id"]
    said = {"external": {"system": "WIKI", "id": "7"}, "initiativeId": initiative, "decidedOn": "2026-01-02"}
    for version, title in ((1, "We build it"), (2, "We buy it")):
        answer = await workshop.ask(_UPSERT, input={**said, "title": title})
        assert answer["decisionUpsert"]["userErrors"] == []
        decision = answer["decisionUpsert"]["decision"]
        assert (decision["version"], decision["initiative"]) == (version, {"key": "ONE"})
    refused = await workshop.ask(_UPSERT, input={**said, "title": "Soon", "decidedOn": "2999-01-01"})
    assert refused["decisionUpsert"]["userErrors"] == [{"code": "INVALID", "field": ["input", "decidedOn"]}]
    answer = await workshop.ask(_READ)
    assert answer["decision"] == {
        "title": "We buy it",
        "decidedOn": "2026-01-02",
        "externalLinks": {"nodes": [{"externalId": "7"}]},
    }
    assert answer["initiative"]["decisions"] == {"totalCount": 1, "nodes": [{"title": "We buy it"}]}
    told = await workshop.fetch("select type from event where entity_kind = 'DECISION' order by id")
    assert [row["type"] for row in told] == ["DECISION_CREATED", "DECISION_UPDATED"]
    answer = await workshop.ask(_ARCHIVE, id=decision["id"])
    assert answer["decisionArchive"]["decision"]["archivedAt"] is not None


async def test_the_tests_of_every_entity_hold_for_one_made_by_the_recipe(follow: Follow):
    workshop = await follow("An entity")
    [own] = [str(path.relative_to(workshop.root)) for path in workshop.made if path.name.startswith("test_")]
    await workshop.write_schema()
    await workshop.test(
        *(own, "tests/resolvers/test_upserts.py", "tests/bulk/test_round_trip.py", "tests/test_walls_catalogue.py"),
        *("tests/test_one_declaration.py", "tests/test_schema.py"),
    )


def test_the_recipe_touches_at_most_seven_files_written_by_hand(contributing: str):
    recipe = contributing.split("## An entity\n")[1].split("\n## ", maxsplit=1)[0]
    assert 0 < len(set(re.findall(r"```\w+ (\S+)", recipe))) <= _MOST_FILES
