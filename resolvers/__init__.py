"""How what clients ask for is answered and changed.

Every change is a field of `Mutation`. Those that an entity declares in schema/ are carried out by
resolvers/entity/change.py, with the hooks of the file at the same place in resolvers/, if there is one; all others are
functions under @mutation in the rooms' files.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from strawberry.tools import create_type
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from resolvers.engine.mutation import change_of
from resolvers.entity.change import EntityChange, Hooks
from schema.entities import CHANGED, ROOMS


def _modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        package = importlib.import_module(f"resolvers.{room}")
        for found in pkgutil.iter_modules(package.__path__, f"resolvers.{room}."):
            yield importlib.import_module(found.name)


MODULES = {module.__name__: module for module in _modules()}


def _hooks(type_: type) -> Hooks | None:
    """Those of the file at the same place as the entity's."""
    twin = MODULES.get(type_.__module__.replace("schema.", "resolvers.", 1))
    return getattr(twin, "HOOKS", None)


def _fields() -> Iterator[StrawberryField]:
    for entity in CHANGED:
        yield from EntityChange(entity.type_, _hooks(entity.type_)).fields()
    for module in MODULES.values():
        yield from (value for value in vars(module).values() if _is_change(value))


def _is_change(value: object) -> bool:
    return isinstance(value, StrawberryField) and "change" in value.metadata


_FIELDS = [*_fields()]
CHANGES = {to_camel_case(change.name): change for change in map(change_of, _FIELDS)}
"""Every change by the name of its mutation."""

Mutation = create_type(
    "Mutation", _FIELDS, description="Everything that can be changed; each change is one transaction."
)
