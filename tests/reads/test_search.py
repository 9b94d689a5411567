"""Search: what its index is good for, how texts are folded, and what can be found at all."""

import random
import re
import shutil
import sys
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import GraphQLInterfaceType

from runtime.migrate import MIGRATIONS, migrate
from runtime.postgres import Database
from runtime.viewer import Viewer
from schema.search import KINDS, count_words
from tests.reads.reading import SCHEMA, Reading

_SEARCH = "query ($query: String!) { search(query: $query) { kind key name match } }"
_TENANTS = [UUID(int=number) for number in range(1, 6)]
_ORGANIZATION = (
    "insert into organization (tenant_id, id, key, name, created_at, updated_at)"
    " values ($1, $1, 'ORG', 'The organization', now(), now())"
)
_SKILL = (
    "insert into skill (tenant_id, id, key, name, archived_at, created_at, updated_at)"
    " values ($1, $2, $3, $4, $5, now(), now())"
)


@pytest.fixture(scope="module", params=["newest", "oldest"])
def url(request: pytest.FixtureRequest, database: str, database_16: str) -> str:
    return database if request.param == "newest" else database_16


@pytest.fixture(scope="module")
async def crowded(url: str) -> AsyncIterator[Reading]:
    """Reads of a database with 100,000 words of five tenants."""
    connection = await asyncpg.connect(url)
    for tenant_id in _TENANTS:
        await connection.execute(_ORGANIZATION, tenant_id)
        await connection.execute(
            "insert into search_word (tenant_id, word, node_id, kind, key, name, key_text, name_text)"
            " select $1, md5(n::text), gen_random_uuid(), (array['PRODUCT', 'PERSON'])[1 + n % 2], 'K', 'N', 'k', 'n'"
            " from generate_series(1, 20000) n",
            tenant_id,
        )
    await connection.execute("analyze")
    await connection.close()
    database = await Database.open(url, size=1)
    yield Reading(database)
    await database.close()


@pytest.mark.parametrize("grants", [None, (UUID(int=9),)])
@pytest.mark.parametrize("query", ["7", "c4c", "c4 a b"])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_words_are_found_by_their_index_behind_row_level_security(
    crowded: Reading, grants: tuple[UUID] | None, query: str, mode: str
):
    viewer = Viewer(_TENANTS[2], UUID(int=7), UUID(int=8), None, frozenset({"READ"}), grants)
    operation = crowded.operation(_SEARCH, {"query": query}, viewer)
    plan = crowded.plan(operation)
    given = ", ".join(literal(value) for value in crowded.reader.arguments(plan, operation))
    async with crowded.database.connection() as connection:
        await connection.execute(f"set plan_cache_mode = {mode}; prepare find as {plan.sql}")
        lines = [row[0] for row in await connection.fetch(f"explain (costs off) execute find({given})")]
        await connection.execute("deallocate find; reset plan_cache_mode")
    [place] = [place for place, line in enumerate(lines) if "search_word w" in line]
    assert lines[place].strip() == "->  Index Scan using search_word_pkey on search_word w"
    assert re.search(
        r"Index Cond: \(\(tenant_id = .*\) AND \(word >= r.word\) AND \(word < r.until\)\)", lines[place + 1]
    )


def literal(value: Any) -> str:
    return "'{" + ",".join(map(str, value)) + "}'" if isinstance(value, tuple | list) else f"'{value}'"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ünïcødé 雪 🚀", "unicode 雪 🚀"),
        ("  O'Brien; drop\ttable--", "o brien drop table"),
        ("STRASSE Straße ẞ", "strasse strasse ss"),
        ("ΟΔΟΣ Йод ЁЖ", "οδοσ иод еж"),
        ("Ærø Þór Œuvre Łódź", "aero thor oeuvre lodz"),
        ("a\u00a0b…c→d “e”", "a b c d e"),
        ("ﬁn Ⅳ ½", "fin iv 1 2"),
        ("FRAUD-2_x/y", "fraud 2 x y"),
        ("…", ""),
    ],
)
async def test_case_accents_and_punctuation_do_not_count(url: str, text: str, folded: str):
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select search_text($1)", text) == folded
    await connection.close()


async def test_the_limit_counts_the_words_that_the_database_finds(url: str):
    chance = random.Random(5)
    letters = [
        chr(code) for code in range(1, sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cs", "Cn")
    ]
    near = [letter for letter in letters if ord(letter) < 0x3100]
    texts = ["".join(chance.choices(near, k=8) + chance.choices(letters, k=2)) for _ in range(4000)]
    connection = await asyncpg.connect(url)
    counted = await connection.fetch(
        "select (select count(*) from string_to_table(search_text(text), ' ') word where word <> '')"
        " from unnest($1::text[]) with ordinality as given (text, place) order by place",
        texts,
    )
    await connection.close()
    assert [row[0] for row in counted] == [count_words(text) for text in texts]


async def test_a_word_of_any_length_can_be_stored_and_found(url: str):
    connection = await asyncpg.connect(url)
    await connection.execute(_SKILL, _TENANTS[0], UUID(int=50), "LONG", "\ufdfa" * 200 + "a" * 9000, None)
    words = await connection.fetch("select word from search_word where node_id = $1", UUID(int=50))
    assert max(len(row["word"]) for row in words) == 64
    await connection.close()


def test_whatever_can_be_found_has_a_kind():
    searchable = SCHEMA.type_map["Searchable"]
    assert isinstance(searchable, GraphQLInterfaceType)
    assert {type_.name.upper() for type_ in SCHEMA.get_possible_types(searchable)} == set(KINDS)


async def test_whatever_has_a_kind_keeps_its_words(url: str):
    connection = await asyncpg.connect(url)
    for trigger in ("search_new", "search_changed"):
        tables = await connection.fetch(
            "select upper(tgrelid::regclass::text) from pg_trigger where tgname = $1 and tgenabled = 'O'", trigger
        )
        assert {row[0] for row in tables} == set(KINDS)
    await connection.close()


async def test_what_was_there_before_the_migration_is_found_after_it(empty_database: str, tmp_path: Path):
    for path in sorted(MIGRATIONS.glob("*.sql")):
        if path.stem.endswith("_search"):
            break
        shutil.copy(path, tmp_path)
    await migrate(empty_database, tmp_path)
    connection = await asyncpg.connect(empty_database)
    await connection.execute(_ORGANIZATION, _TENANTS[0])
    await connection.execute(_SKILL, _TENANTS[0], UUID(int=50), "ML-OPS", "Modèles", None)
    await connection.execute("update skill set archived_at = now()")
    await connection.execute(_SKILL, _TENANTS[0], UUID(int=51), "ML-OPS-2", "Modèles en production", None)
    await migrate(empty_database)
    words = await connection.fetch(
        "select word, kind, key, name, key_text, name_text from search_word order by node_id, word"
    )
    skill = ("SKILL", "ML-OPS-2", "Modèles en production", "ml ops 2", "modeles en production")
    organization = ("ORGANIZATION", "ORG", "The organization", "org", "the organization")
    assert [tuple(row) for row in words] == [
        *((word, *organization) for word in ("org", "organization", "the")),
        *((word, *skill) for word in ("2", "en", "ml", "modeles", "ops", "production")),
    ]
    is_forced = "select bool_and(relforcerowsecurity) from pg_class where relname = any($1)"
    assert await connection.fetchval(is_forced, ["search_word", *(kind.lower() for kind in KINDS)])
    await connection.close()
