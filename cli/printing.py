"""How commands print what they found: as a table with signs and small charts, as JSON, as comma-separated values."""

import csv
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer

from runtime.failure import Failure

_BARS = "▁▂▃▄▅▆▇█"

Organization = Annotated[str | None, typer.Option(help="Key of the organization, if there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")]
Watch = Annotated[int | None, typer.Option(min=1, help="Print again every so many seconds, until Ctrl-C.")]


def refuse_both(as_json: bool, as_csv: bool) -> None:
    if as_json and as_csv:
        raise Failure("--json and --csv exclude each other.", "Give one of the two.")


def repeat(watch: int | None, show: Callable[[], None]) -> None:
    """Once, or every `watch` seconds until Ctrl-C."""
    show()
    while watch is not None:
        time.sleep(watch)
        show()


def sparkline(values: Sequence[float | None]) -> str:
    """Values as bars from 0 to 100; null is a gap."""
    return "".join(" " if value is None else _BARS[max(0, min(7, int(value / 12.5)))] for value in values)


def print_json(found: Any) -> None:
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))


def print_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])


def _harmless(value: Any) -> Any:
    """A cell that a spreadsheet would take for a formula is text; true and false are those of JSON."""
    if isinstance(value, bool):
        return json.dumps(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
