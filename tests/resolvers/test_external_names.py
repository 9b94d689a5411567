"""Names and addresses elsewhere: what looks alike is alike, and an address leads where it seems to lead."""

import pytest

from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes


@pytest.mark.parametrize("system", ["JIRA", " JIRA\u00a0", "\uff2aIRA", "J\uff29RA"])
async def test_one_system_is_found_however_it_is_written(tenant: Tenant, ask: Ask, system: str):
    made = await tenant.made("skillUpsert", {"external": {"system": "JIRA", "id": "1"}, "key": "SQL", "name": "SQL"})
    again = {"external": {"system": system, "id": " 1\u00a0"}, "name": "SQL"}
    assert await tenant.made("skillUpsert", again) == made
    by = {"external": again["external"]}
    text = "query Q($by: SkillBy!) { skill(by: $by) { id externalLinks { nodes { system externalId } } } }"
    found = (await ask(text, by=by))["skill"]
    assert found == {"id": made, "externalLinks": {"nodes": [{"system": "JIRA", "externalId": "1"}]}}


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u00ad", "\u2028", "\u2029", "\x07"])
async def test_what_nobody_sees_stands_in_no_name(tenant: Tenant, hidden: str):
    wrong = ({"system": f"JI{hidden}RA", "id": "1"}, "system"), ({"system": "JIRA", "id": f"1{hidden}0"}, "id")
    for external, member in wrong:
        answer = await tenant.change("skillUpsert", {"external": external, "key": "SQL", "name": "SQL"})
        assert codes(answer) == [("INVALID", member)]


@pytest.mark.parametrize("url", ["https://jira.example/AI-42", "HTTP://JIRA:8080/?q=a%20b#x", "https://[::1]/"])
async def test_addresses_are_kept_as_they_are(tenant: Tenant, url: str):
    external = {"system": "JIRA", "id": "1", "url": url}
    await tenant.made("skillUpsert", {"external": external, "key": "SQL", "name": "SQL"})
    assert await tenant.rows("select url from external_link") == [{"url": url}]


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://x", "javascript:alert(1)", "//x", "https:", "https://", "https:///x", "https://:80/", "http:x"),
        *(
            "https://ada@x",
            "https://ada:secret@x",
            "https://jira.example@x",
            "https://[x",
            "https://a b",
            "https://a\u00a0b",
        ),
        *("https://x/<script>", 'https://x/"', "https://x\\@y", "https://x/\u202egnp", "https://x/\ny"),
    ],
)
async def test_other_addresses_are_refused(tenant: Tenant, url: str):
    external = {"system": "JIRA", "id": "1", "url": url}
    answer = await tenant.change("skillUpsert", {"external": external, "key": "SQL", "name": "SQL"})
    assert codes(answer) == [("INVALID", "url")]
