"""An entity is said once: nothing beside its declaration keeps a list of entities."""

import ast
from collections.abc import Iterator
from pathlib import Path

from portfolio.identity import PREFIX_OF_KIND
from schema.entities import ENTITIES

_ROOT = Path(__file__).parent.parent
_PLACES = ("api", "bench", "cli", "compiler", "portfolio", "resolvers", "runtime", "schema", "tests", "workers")
# More names than these in one literal are a list that the next entity would have to be added to.
_MOST_NAMED = 5
_NAMES = {
    spelling for type_ in ENTITIES for spelling in (type_.__name__, type_.__name__[0].lower() + type_.__name__[1:])
} | {spelling for kind in PREFIX_OF_KIND for spelling in (kind, kind.lower())}

# The one table of contents; what checks the declarations and shares nothing with them; descriptions of enumeration
# values, some of which are spelled as entities are; reasons why some entities are not imported.
_ALLOWED = ("portfolio/identity.py", "tests/reads/", "schema/enumerations.py", "tests/bulk/test_round_trip.py")


def _literals(path: Path) -> Iterator[tuple[int, set[str]]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            yield node.lineno, _named(node.elts)
        elif isinstance(node, ast.Dict):
            yield node.lineno, _named(node.keys)


def _named(nodes: list[ast.expr] | list[ast.expr | None]) -> set[str]:
    """Entities that the parts of a literal name, by text or by class."""
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return _NAMES & (texts | {node.id for node in nodes if isinstance(node, ast.Name)})


def test_no_second_list_of_entities_exists():
    found = [
        f"{path.relative_to(_ROOT)}:{line} names {', '.join(sorted(names))}"
        for place in _PLACES
        for path in sorted((_ROOT / place).rglob("*.py"))
        if not str(path.relative_to(_ROOT)).startswith(_ALLOWED)
        for line, names in _literals(path)
        if len(names) > _MOST_NAMED
    ]
    assert found == []
