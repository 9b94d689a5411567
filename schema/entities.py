"""Every type of the rooms, found by loading them: no list of entities has to be kept beside their files.

A name of another file in a declaration, such as "Product" or "ProductFilter", is looked up here.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import schema.enumerations  # noqa: F401  # pyright: ignore[reportUnusedImport] - registers them before a type uses one
from compiler.declare import table_of
from schema.entity import Entity, entity_of

ROOMS = ("organization", "people", "portfolio", "measurement", "connection")


def _declared() -> Iterator[tuple[str, Any]]:
    """Strawberry types of the rooms' own files, by name."""
    for room in ROOMS:
        package = importlib.import_module(f"schema.{room}")
        for found in pkgutil.iter_modules(package.__path__, f"schema.{room}."):
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if hasattr(value, "__strawberry_definition__") and value.__module__ == found.name:
                    yield name, value


_TYPES = dict(_declared())
# Where Strawberry looks for a type that a declaration names.
globals().update(_TYPES)

ENTITIES: list[Any] = [type_ for type_ in _TYPES.values() if hasattr(type_, "__table__") and table_of(type_).kind]
CHANGED: list[Entity] = [entity_of(type_) for type_ in ENTITIES if hasattr(type_, "__entity__")]
"""Those that clients can change."""
QUERIES: list[Any] = [type_ for name, type_ in _TYPES.items() if name.endswith("Query")]
"""Classes of root fields."""
