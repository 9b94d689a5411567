"""No text of one line holds a character that nobody sees; found from the schema, tried through every mutation."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from resolvers.engine.execute import Executor
from schema import check
from tests.reads import oracle_fields as fields
from tests.reads.conftest import filled_database, reading, world
from tests.test_walls import _MUTATIONS, Wall, build, executor, own_ids, send, type_of_member, universe, views, walls

__all__ = ["executor", "filled_database", "reading", "universe", "views", "walls", "world"]

_OVERRIDDEN = "Na\u202eme"
# Several lines, which keep what their language needs.
_TEXTS = {"description", "note", "body"}
# An alphabet of its own, or a list of known words, holds no such character: the error names the alphabet.
_OWN_WORDS = {"key", "kpiKey", "secret", "color", "timeZone", "types", "choice", "authoritativeFields"}
# What must be given with it, though the schema does not say so.
_COMPANIONS: dict[str, dict[str, Any]] = {
    "source": {"externalId": "1"},
    "externalId": {"source": "x"},
    "reportedAt": {"status": "ON_TRACK"},
}


def texts(type_: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all texts in an input."""
    for name, member in type_.fields.items():
        inner = get_named_type(member.type)
        if inner.name == "String" and name != "idempotencyKey":
            yield (*path, name)
        elif isinstance(inner, GraphQLInputObjectType):
            yield from texts(inner, (*path, name))


def aims(several_lines: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    for mutation, definition in _MUTATIONS.items():
        for path in texts(get_named_type(definition.args["input"].type)):
            if (path[-1] in _TEXTS) == several_lines:
                yield mutation, path


def put(type_: Any, aim: tuple[str, ...], text: str, own: Callable[[str], str]) -> dict[str, Any]:
    """An input with the text at the aim, and what must be given with it."""
    name, *rest = aim
    if rest:
        whole = build(type_, (), "", own)
        inner = get_named_type(type_.fields[name].type)
        value = put(inner, tuple(rest), text, own)
        return {**whole, name: [value] if "[" in str(type_.fields[name].type) else value}
    kpi = {"kpiId": own("kpiId")} if "kpiKey" in type_.fields and name != "kpiKey" else {}
    value = [text] if "[" in str(type_.fields[name].type) else text
    companions = {given: v for given, v in _COMPANIONS.get(name, {}).items() if given in type_.fields}
    about = {"subjectId": own("productId")} if name == "reportedAt" else {}
    return {**build(type_, (), "", own), **kpi, **companions, **about, name: value}


def public_id(wall: Wall, type_name: str) -> str:
    return f"{fields.PREFIXES[type_name]}_{own_ids(wall, type_name)[0]}"


async def sent(executor: Executor, wall: Wall, mutation: str, aim: tuple[str, ...], text: str) -> str:
    fit: dict[str, str] = {}
    if mutation == "customFieldValueSet":
        rows = (row for row in wall.view.seen("CustomField") if row["type"] == "TEXT" and row["archived_at"] is None)
        field = next(rows)
        subject = field["entity"].capitalize()
        fit = {"customFieldId": f"cfd_{field['id']}", "entityId": public_id(wall, subject)}

    def own(name: str) -> str:
        return fit.get(name) or public_id(wall, type_of_member(mutation, name))

    input_type = get_named_type(_MUTATIONS[mutation].args["input"].type)
    return await send(executor, wall.view.viewer, mutation, put(input_type, aim, text, own))


@pytest.mark.parametrize(("mutation", "aim"), list(aims(False)), ids=lambda v: v if isinstance(v, str) else ".".join(v))
async def test_a_text_of_one_line_refuses_what_nobody_sees(
    executor: Executor, walls: list[Wall], mutation: str, aim: tuple[str, ...]
):
    answer = await sent(executor, walls[0], mutation, aim, _OVERRIDDEN)
    assert '"userErrors":[]' not in answer or '"rejected":[{' in answer
    if aim[-1] not in _OWN_WORDS:
        assert "Character 3, U+202E (RIGHT-TO-LEFT OVERRIDE)" in answer
        assert aim[-1] in answer


@pytest.mark.parametrize(
    ("text", "character"),
    [
        *(
            (f"A{chr(code)}B", f"Character 2, U+{code:04X}")
            for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
        ),
        *((f"A{chr(code)}B", f"Character 2, U+{code:04X}") for code in (0x200B, 0x200D, 0xFEFF, 0xAD, 0x2028, 0xFE0F)),
        ("\u3164", "Character 1, U+3164"),
        ("  A\u2800", "Character 4, U+2800"),
        ("A\U000e0041", "Character 2, U+E0041"),
        ("A" + "\u0301" * 60, "Character 6, U+0301"),
        ("❤\u200dA", "Character 2, U+200D"),
        ("❤\ufe0f\ufe0f", "Character 3, U+FE0F"),
        ("A\ud800", "Character 2, U+D800"),
    ],
)
def test_the_error_names_the_character_and_its_place(text: str, character: str):
    with pytest.raises(ValueError, match=character.replace("+", r"\+")):
        check.line()(text)


@pytest.mark.parametrize(
    "text", ["Übersicht", "Tiếng Việt", "שָׁלוֹם", "नमस्ते", "山田 太郎", "❤\ufe0f Care", "Crew 👩‍🚀👩🏽‍🚀🏳️‍🌈"]
)
def test_names_of_all_languages_are_kept(text: str):
    assert check.line()(text) == text


def test_every_kind_of_space_is_kept_as_a_plain_one():
    assert check.line()("\u3000Care\u00a0bot\u2003one ") == "Care bot one"


def test_a_text_of_several_lines_keeps_joiners_and_loses_overrides():
    assert check.text("क्\u200dष x\u200cy\n\u202eabc\u202c \u2067x\u2069") == "क्\u200dष x\u200cy\nabc x"


async def test_a_description_is_stored_without_overrides(executor: Executor, walls: list[Wall]):
    wall = walls[0]
    linked = {link["node_id"] for link in wall.view.rows("external_link")}
    product = next(id for id in own_ids(wall, "Product") if id not in linked)
    input = {"id": f"prd_{product}", "description": "a\u202eb\u200cc"}
    assert '"userErrors":[]' in await send(executor, wall.view.viewer, "productUpdate", input)
    async with executor.database.transaction(wall.view.viewer.tenant_id) as connection:
        kept = await connection.fetchval("select description from product where id = $1", product)
    assert json.dumps(kept) == json.dumps("ab\u200cc")


def test_texts_of_several_lines_are_known():
    assert {aim[-1] for _, aim in aims(True)} == _TEXTS
