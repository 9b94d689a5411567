"""What is exported and imported as JSON lines, in an order that can be imported from top to bottom."""

from collections.abc import Iterable, Iterator
from functools import cache

import resolvers
from resolvers.entity.derived_line import line_of
from resolvers.entity.line import BulkType
from schema.entities import CHANGED


@cache
def bulk_types() -> tuple[BulkType, ...]:
    """Those of the rooms' own files (`LINES`), and those that follow from declarations; each after the kinds that it
    names."""
    special = [module.LINES for module in resolvers.MODULES.values() if hasattr(module, "LINES")]
    derived = (line_of(entity) for entity in CHANGED if entity.create)
    return tuple(_in_order([*derived, *special]))


def _in_order(types: Iterable[BulkType]) -> Iterator[BulkType]:
    """Layer by layer: those that name nothing, then those that name nothing else, and so on."""
    waiting = list(types)
    while waiting:
        kinds = {declared.kind for declared in waiting}
        free = [declared for declared in waiting if not declared.names & kinds]
        assert free, f"lines name each other in a circle: {[declared.name for declared in waiting]}"
        yield from sorted(free, key=lambda declared: declared.name)
        waiting = [declared for declared in waiting if declared not in free]
