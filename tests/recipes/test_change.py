"""The recipe of a change: what its blocks make changes several objects in one transaction, and each tells it."""

from tests.recipes.conftest import Follow


async def test_a_change_made_by_the_recipe_answers_and_is_tested(follow: Follow):
    workshop = await follow("A change")
    [own] = [str(path.relative_to(workshop.root)) for path in workshop.made if path.name.startswith("test_")]
    refused = await workshop.ask(
        'mutation { milestonesMove(input: {initiativeId: "ini_1", days: 1}) { initiative { id } userErrors { code } } }'
    )
    assert refused["milestonesMove"] == {"initiative": None, "userErrors": [{"code": "NOT_FOUND"}]}
    await workshop.write_schema()
    await workshop.test(own, "tests/test_schema.py")
