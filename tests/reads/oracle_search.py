"""Search in the oracle: every object looked at, every word compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.reads.domain import Row
from tests.reads.oracle_fields import SEARCHED

if TYPE_CHECKING:
    from tests.reads.oracle import View


def words(text: str) -> list[str]:
    """What is neither mark nor punctuation, control or space, in one case and without accents."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    spaced = "".join(
        " " if unicodedata.category(letter)[0] in "PZC" or letter in "$+<=>^`|~" else letter for letter in bare
    )
    return spaced.casefold().split()


def hits(view: View, arguments: Mapping[str, Any]) -> list[Row]:
    asked = words(arguments["query"])
    kinds, first = arguments.get("kinds"), arguments.get("first")
    wanted = None if kinds is None else {getattr(kind, "value", kind) for kind in kinds}
    found: list[Row] = [
        {**row, "type_name": name, "kind": name.upper(), "match": match(asked, row)}
        for name in SEARCHED
        if wanted is None or name.upper() in wanted
        for row in view.seen(name)
        if row.get("archived_at") is None and meets(asked, row)
    ]
    order = ["KEY", "KEY_PREFIX", "NAME_PREFIX", "WORDS"]
    found.sort(
        key=lambda hit: (
            order.index(hit["match"]),
            len(" ".join(words(hit["key"]))) if hit["match"] == "KEY_PREFIX" else 0,
            " ".join(words(hit["name"])).encode(),
            hit["id"],
        )
    )
    return found[: 20 if first is None else first]


def meets(asked: list[str], row: Row) -> bool:
    there = words(row["key"]) + words(row["name"])
    return all(any(word.startswith(beginning) for word in there) for beginning in asked)


def match(asked: list[str], row: Row) -> str:
    query, key, name = " ".join(asked), " ".join(words(row["key"])), " ".join(words(row["name"]))
    if key == query:
        return "KEY"
    if key.startswith(query):
        return "KEY_PREFIX"
    return "NAME_PREFIX" if name.startswith(query) else "WORDS"
