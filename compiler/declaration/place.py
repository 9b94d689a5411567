"""Where a declaration stands, so that a mistake in it can be pointed at."""

import inspect
import linecache
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from strawberry.types.field import StrawberryField

PLACE = "declared_at"

_ROOT = Path(__file__).parents[2]

Parameters = ParamSpec("Parameters")
Made = TypeVar("Made")


class DeclarationError(Exception):
    """A declaration that cannot be meant: what is wrong, where it stands, and how to mend it."""


@dataclass(frozen=True)
class SourcePlace:
    path: str
    line: int

    def __str__(self) -> str:
        path = Path(self.path)
        return f"{path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path}:{self.line}"

    @property
    def source(self) -> str:
        """The line as it is written: it holds the name that is being declared."""
        return linecache.getline(self.path, self.line).strip()


def declaring_place() -> SourcePlace:
    """The nearest line outside the compiler that led here."""
    frame = inspect.currentframe()  # inspect.stack() reads the source of every frame: half a second for the schema
    assert frame is not None, "CPython has frames"
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("compiler."):
        frame = frame.f_back
    return SourcePlace(frame.f_code.co_filename, frame.f_lineno)


def place_of(declared: StrawberryField | None) -> SourcePlace | None:
    return declared.metadata.get(PLACE) if declared is not None else None


def word(options: type | None = None) -> Callable[[Callable[Parameters, Made]], Callable[Parameters, Made]]:
    """A word of schema files: notes where a field is declared, and refuses keywords that it does not know.

    options: the TypedDict of its `**options`.
    """

    def decorate(function: Callable[Parameters, Made]) -> Callable[Parameters, Made]:
        known = {*inspect.signature(function).parameters, *(options.__annotations__ if options else ())} - {"options"}

        @wraps(function)
        def declare(*given: Parameters.args, **named: Parameters.kwargs) -> Made:
            place = declaring_place()
            for name in named.keys() - known:
                told = f"{function.__name__}() has no keyword `{name}`. {suggest(name, known)}"
                raise DeclarationError(f"{place}, `{place.source}`: {told}")
            made = function(*given, **named)
            if isinstance(made, StrawberryField):
                made.metadata = MappingProxyType({**made.metadata, PLACE: place})
            return made

        return declare

    return decorate


def suggest(name: str, known: Iterable[str]) -> str:
    """What may be meant by a name that is not known."""
    names = sorted(known)
    close = get_close_matches(name, names, 1)
    return f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(names) or 'none'}."
