"""What every field means, in plain Python over whole rows: the oracle's own map, put together from its domains."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.reads.domain import Domain, Entity, Row, everyone, pointing

if TYPE_CHECKING:
    from tests.reads.oracle import View

_FILES = sorted(Path(__file__).with_name("domains").glob("[a-z]*.py"))
DOMAINS: list[Domain] = [importlib.import_module(f"tests.reads.domains.{path.stem}").DOMAIN for path in _FILES]


def _joined(name: str) -> Any:
    """Everything that the domains say under a name; nothing is said twice."""
    said: list[Mapping[str, Any]] = [getattr(domain, name) for domain in DOMAINS]
    whole = {place: meaning for part in said for place, meaning in part.items()}
    assert len(whole) == sum(map(len, said)), f"{name}: something is said twice"
    return whole


ENTITIES: dict[str, Entity] = _joined("entities")
TABLES = {name: entity.table for name, entity in ENTITIES.items()}
PREFIXES = {name: entity.prefix for name, entity in ENTITIES.items()}
TYPE_OF_PREFIX = {prefix: name for name, prefix in PREFIXES.items()}
TYPE_OF_KIND = {entity.table.upper(): name for name, entity in ENTITIES.items()}
LINKED = [name for name, entity in ENTITIES.items() if entity.is_linked]
SEARCHED = [name for name, entity in ENTITIES.items() if entity.is_searched]
# What belongs to the organization as a whole: no portfolio is a wall before it.
SEEN_BY_ALL = {name for name, entity in ENTITIES.items() if entity.sees is everyone}

LISTS = _joined("lists") | {f"{name}.externalLinks": pointing("ExternalLink", "node_id") for name in LINKED}
ONES = _joined("ones")
SCALARS = _joined("scalars")
VALUE_LISTS = _joined("value_lists")
FILTERED_IDS = _joined("filtered_ids")
WITHOUT_WALL = frozenset[str]().union(*(domain.without_wall for domain in DOMAINS))
SUBJECTS = frozenset[str]().union(*(domain.subjects for domain in DOMAINS))
PARTS = frozenset[str]().union(*(domain.parts for domain in DOMAINS))
_COMPARED = {"name": lambda _, row: row["name_key"], **_joined("compared")}

# Orders that are not the column of their name.
ORDERS = {"NAME": "name_key", "HEALTH_SCORE": "health_score_mp"}
FOLDED = {"name"}


def public_id(type_name: str, value: UUID | None) -> str | None:
    return None if value is None else f"{PREFIXES[type_name]}_{value}"


def compared(view: View, type_name: str, path: str, row: Row) -> Any:
    """Value of a filter's member, such as `key` or `health.score`."""
    special = _COMPARED.get(f"{type_name}.{path}") or _COMPARED.get(path)
    return special(view, row) if special else row[snake_case(path)]


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def rollup_members(view: View, type_name: str, row: Row) -> list[Row]:
    """Products that a roll-up counts."""
    found = [product for product in view.seen("Product") if product["archived_at"] is None]
    if type_name == "Organization":
        return found
    below = {link["descendant_id"] for link in view.rows("portfolio_closure") if link["ancestor_id"] == row["id"]}
    return [product for product in found if product["portfolio_id"] in below]
