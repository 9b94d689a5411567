"""What is wrong with a template of SQL, before any request: names that nobody fills, blocks that nobody knows."""

import re
from collections.abc import Iterable, Iterator

from compiler.declaration.place import suggest
from compiler.statement import ALWAYS_NAMED, BLOCK

_NAME = re.compile(r"\{([^\W\d]\w*)\}")  # {2} is a regular expression's
_OPEN = re.compile(r"\{(\w+) [^{}]*")


def mistakes(template: str, names: Iterable[str], *, restricted: bool = False) -> Iterator[str]:
    """names: those that are filled, beside the ones that always are. restricted: only used for restricted viewers."""
    known = {*names, *ALWAYS_NAMED}
    outside = BLOCK.sub("", template)
    for block in _OPEN.findall(outside):
        yield f"{{{block} …}} is no block: there are {{within column}} and {{restricted sql}}, and none inside another."
    if "granted" in _NAME.findall(outside) and not restricted:
        yield "{granted} is there for viewers with portfolio grants only: put it into {restricted …} or {within …}."
    for name in dict.fromkeys(_NAME.findall(BLOCK.sub(r"\2", template))):
        if name not in known and name != "granted":
            yield f"{{{name}}} stands for nothing here. {suggest(name, {*known, 'granted'})}"
