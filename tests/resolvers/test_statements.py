"""Statements that are made from declarations: readable in one file, and understood by PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

from resolvers.engine.session import TO_CHANGE, TO_NAME
from resolvers.entity.derived_line import line_of
from resolvers.entity.statements import statements
from runtime.postgres import Database
from schema.entities import CHANGED

GOLDEN = Path(__file__).parent / "statements.sql"


def _derived() -> Iterator[tuple[str, str]]:
    """Title and text of every statement that follows from a declaration."""
    for entity in sorted(CHANGED, key=lambda each: each.kind):
        if entity.create is not None:
            made = statements(entity)
            yield f"{entity.kind}: insert", made.insert
            if made.update is not None:
                yield f"{entity.kind}: update", made.update
        yield f"{entity.kind}: find to change", TO_CHANGE[entity.kind]
        if TO_NAME[entity.kind] != TO_CHANGE[entity.kind]:
            yield f"{entity.kind}: find to name", TO_NAME[entity.kind]
        if entity.create is not None:
            yield f"{entity.kind}: export", line_of(entity).export


def test_the_statements_of_every_entity_are_those_of_the_golden_file():
    text = "\n".join(f"-- {title}\n{statement.strip()};\n" for title, statement in _derived())
    if os.environ.get("UPDATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text, "run `make update` and read the difference"


async def test_postgresql_understands_the_statements_of_every_entity(pool: Database):
    async with pool.connection() as connection:
        for title, statement in _derived():
            assert await connection.prepare(statement), title
