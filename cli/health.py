"""`folioscope health` and `folioscope movers`: are we fine, and what moved?"""

import asyncio
import csv
import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.application import app

_STYLE = {"HEALTHY": "green", "WATCH": "yellow", "AT_RISK": "dark_orange", "CRITICAL": "red", "UNKNOWN": "dim"}
# A sign beside the color, for those who do not see it.
_SIGN = {"HEALTHY": "●", "WATCH": "▲", "AT_RISK": "▼", "CRITICAL": "■", "UNKNOWN": "?"}
_BARS = "▁▂▃▄▅▆▇█"

Organization = Annotated[str | None, typer.Option(help="Key of the organization, if there are several.")]
Since = Annotated[str, typer.Option(help="Since when: a day, or a duration such as -P90D.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")]


@app.command()
def health(
    since: Since = "-P90D",
    organization: Organization = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    watch: Annotated[int | None, typer.Option(help="Print again every so many seconds, until Ctrl-C.")] = None,
) -> None:
    """Show every product, worst first, with its score and its trend.

    Example: `folioscope health --since -P30D --watch 10`
    """
    while True:
        found = asyncio.run(_overview(since, organization))
        if as_json:
            typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        elif as_csv:
            _print_csv(
                ("key", "name", "portfolio", "score", "band", "since", "confidence", "report"),
                (_row(product) for product in found["products"]),
            )
        else:
            _show_health(found)
        if watch is None:
            return
        time.sleep(watch)


@app.command()
def movers(
    since: Since = "-P7D",
    first: Annotated[int, typer.Option(min=1, max=100, help="How many at most.")] = 10,
    organization: Organization = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what moved most since an instant.

    Example: `folioscope movers --since -P1M`
    """
    found = asyncio.run(_movers(since, first, organization))
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    rows = [
        (item["subject"]["key"], item["subject"]["name"], item["from"], item["to"], item["delta"]) for item in found
    ]
    if as_csv:
        _print_csv(("key", "name", "from", "to", "delta"), rows)
        return
    table = Table("Key", "Name", "From", "To", "Moved", box=None)
    for key, name, before, after, delta in rows:
        color = "green" if delta > 0 else "red"
        table.add_row(key, escape(name), _points(before), _points(after), f"[{color}]{delta:+.1f}[/]")
    Console().print(table if rows else "Nothing moved.")


async def _overview(since: str, organization: str | None) -> dict[str, Any]:
    from cli.operation import operations

    products: list[Any] = []
    after = None
    async with operations(organization) as run:
        while True:
            data = await run("HealthOverview", {"since": since, "first": 100, "after": after})
            products += data["products"]["nodes"]
            if not data["products"]["pageInfo"]["hasNextPage"]:
                return {"organization": data["organization"], "products": products}
            after = data["products"]["pageInfo"]["endCursor"]


async def _movers(since: str, first: int, organization: str | None) -> list[Any]:
    from cli.operation import operations

    async with operations(organization) as run:
        data = await run("WhatMoved", {"since": since, "first": first})
    return data["organization"]["movers"]


def _mover_row(item: Any) -> tuple[Any, ...]:
    return item["subject"]["key"], item["subject"]["name"], item["from"], item["to"], item["delta"]


def _row(product: Any) -> tuple[Any, ...]:
    state, divergence = product["health"], product["divergence"]
    return (
        *(product["key"], product["name"], product["portfolio"]["key"], state["score"], state["band"]),
        *(state["bandSince"], state["confidenceLevel"], divergence["kind"] if divergence else ""),
    )


def _show_health(found: Any) -> None:
    console = Console()
    whole = found["organization"]
    state = whole["health"]
    trend = sparkline([day["score"] for day in whole["healthHistory"]])
    console.print(f"[bold]{escape(whole['name'])}[/]  {_points(state['score'])} {_band(state['band'])}  {trend}")
    table = Table("Key", "Name", box=None)
    table.add_column("Score", justify="right")
    for title in ("Band", "Trend", "Report"):
        table.add_column(title, no_wrap=True)
    for product in found["products"]:
        key, name, _, score, band, _, _, report = _row(product)
        trend = sparkline([day["score"] for day in product["healthHistory"]])
        table.add_row(key, escape(name), _points(score), _band(band), trend, report)
    console.print(table)


def _band(band: str) -> str:
    return f"[{_STYLE[band]}]{_SIGN[band]} {band}[/]"


def _points(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}"


def sparkline(scores: Sequence[float | None], width: int = 13) -> str:
    """The last scores as bars from 0 to 100; a day without a score is a gap."""
    last = scores[-width:]
    return "".join(" " if score is None else _BARS[min(7, int(score / 12.5))] for score in last)


def _print_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])


def _harmless(value: Any) -> Any:
    """A cell that a spreadsheet would take for a formula is text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
