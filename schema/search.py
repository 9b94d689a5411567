"""Search: objects found by the words of their keys and names."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import strawberry

from compiler.declare import argument, column, one_of, rows, table_of, value_object
from compiler.mapping import Table
from compiler.statement import Rejected
from portfolio.enumerations import SearchMatch
from schema.entities import ENTITIES
from schema.entity import spoken
from schema.enumerations import described
from schema.node import Searchable

LONGEST_QUERY = 200
MOST_WORDS = 8
DEFAULT_HITS = 20

_TABLES = [table_of(type_) for type_ in ENTITIES if issubclass(type_, Searchable)]
KINDS = [str(table.kind) for table in _TABLES]
"""What search finds: the migration of each calls make_searchable."""
_PLURALS = {"ORGANIZATION": "The organization itself.", "PERSON": "People."}


def _plural(kind: str) -> str:
    words = spoken(kind)
    return _PLURALS.get(kind, f"{words[0].upper()}{words[1:]}s.")


@described("Kind of object that search finds.", **{kind: _plural(kind) for kind in KINDS})
class SearchKind(StrEnum):
    vars().update(zip(KINDS, KINDS, strict=True))


# Where the database's search_text ends words; it folds them as well, which changes nothing in their number.
_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(
    r"[^\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f\U0010ffff]+"
)


def _in_sight(table: Table) -> str:
    """The object's own wall."""
    if table.wall is None:
        return "true"
    wall = table.wall.replace("{self}", "n")
    return f"exists (select from {table.name} n where n.tenant_id = {{tenant}} and n.id = m.node_id and {wall})"


_WALLS = " ".join(f"when '{table.kind}' then {_in_sight(table)}" for table in _TABLES)
# A word's range is worked out before the join: under row-level security only what is leakproof reaches the index, and
# comparisons are, but concatenation is not.
_HITS = f"""(
  with asked as materialized (select search_text({{query}}) as text),
  reach as materialized (
    select a.word, a.word || U&'\\+10FFFF' as until from asked, search_words(asked.text) as a (word)
  ), met as materialized (
    select w.node_id, w.kind, min(w.key) as key, min(w.name) as name, min(w.key_text) as key_text, min(w.name_text) as name_text
    from reach r join search_word w on w.tenant_id = {{tenant}} and w.word >= r.word and w.word < r.until{{of_kinds}}
    group by w.node_id, w.kind having count(distinct r.word) = (select count(*) from reach)
  ), ranked as (
    select m.*, case when m.key_text = asked.text then 1 when starts_with(m.key_text, asked.text) then 2
                     when starts_with(m.name_text, asked.text) then 3 else 4 end as rank
    from asked, met m {{restricted where case m.kind {_WALLS} end}}
  )
  select r.*, (array['KEY', 'KEY_PREFIX', 'NAME_PREFIX', 'WORDS'])[r.rank] as match,
         case when r.rank = 2 then length(r.key_text) end as key_length
  from ranked r order by r.rank, key_length, r.name_text, r.node_id limit {{first}}) {{other}}"""


@value_object
class SearchHit:
    """An object that a search found."""

    kind: SearchKind = column("What it is.")
    key: str = column("Key of the object.")
    name: str = column("Name of the object.")
    match: SearchMatch = column("Why it was found; better matches come first.")
    node = one_of(Searchable, "The object itself.", "{self}.node_id")


def _hits(arguments: Mapping[str, Any]) -> str:
    kinds = " and w.kind = any({kinds})" if arguments.get("kinds") is not None else ""
    text = _HITS.replace("{of_kinds}", kinds)
    return text if arguments.get("first") is not None else text.replace("{first}", str(DEFAULT_HITS))


def count_words(query: str) -> int:
    return len(_WORD.findall(_ACCENTS.sub("", unicodedata.normalize("NFKD", query))))


def _refuse_query(arguments: Mapping[str, Any]) -> None:
    query = arguments["query"]
    if len(query) > LONGEST_QUERY:
        message = f"`query` has {len(query)} characters; at most {LONGEST_QUERY}."
        raise Rejected("BAD_USER_INPUT", message, LONGEST_QUERY, len(query))
    count = count_words(query)
    if count > MOST_WORDS:
        message = f"`query` has {count} words; at most {MOST_WORDS}."
        raise Rejected("BAD_USER_INPUT", message, MOST_WORDS, count)
    if count == 0:
        raise Rejected("BAD_USER_INPUT", "`query` holds no word: give the beginning of a key or of a name.")


@strawberry.type
class SearchQuery:
    search = rows(
        SearchHit,
        "Objects that are not archived and whose key and name, taken together, hold a word that begins with each word asked."
        " Accents, punctuation and the case of Latin, Greek and Cyrillic letters do not count; words are cut at 64 characters."
        " The best match first (see `match`), of keys that begin with the query the shortest, then by name and id.",
        _hits,
        "{other}.rank, {other}.key_length, {other}.name_text, {other}.node_id",
        arguments={
            "query": argument(
                str, f"Words, or their beginnings; at most {LONGEST_QUERY} characters and {MOST_WORDS} words."
            ),
            "kinds": argument(list[SearchKind] | None, "Kinds of objects to look for. Null: all."),
            "first": argument(int | None, f"Number of objects, 0 to 100. Null: {DEFAULT_HITS}."),
        },
        check=_refuse_query,
    )
