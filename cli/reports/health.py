"""`folioscope health` and `folioscope movers`: are we fine, and what moved?"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.application import app
from cli.printing import AsCsv, AsJson, Organization, Watch, print_csv, print_json, refuse_both, repeat, sparkline
from compiler.filter import resolve_instant
from compiler.statement import Rejected
from runtime.failure import Failure

_STYLE = {"HEALTHY": "green", "WATCH": "yellow", "AT_RISK": "dark_orange", "CRITICAL": "red", "UNKNOWN": "dim"}
# A sign beside the color, for those who do not see it.
_SIGN = {"HEALTHY": "●", "WATCH": "▲", "AT_RISK": "▼", "CRITICAL": "■", "UNKNOWN": "?"}
_TREND_STEPS = 13

Since = Annotated[str, typer.Option(help="Since when: a day, or a duration such as -P90D.")]


@app.command()
def health(
    since: Since = "-P90D",
    organization: Organization = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    watch: Watch = None,
) -> None:
    """Show every product, worst first, with its score and its trend.

    Example: `folioscope health --since -P30D --watch 10`
    """
    refuse_both(as_json, as_csv)

    def show() -> None:
        days = _days_since(since)
        found = asyncio.run(_overview(since, organization))
        if as_json:
            print_json(found)
        elif as_csv:
            names = ("key", "name", "portfolio", "score", "band", "since", "confidence", "report")
            print_csv(names, (_row(product) for product in found["products"]))
        else:
            _show_health(found, days)

    repeat(watch, show)


@app.command()
def movers(  # noqa: PLR0913, PLR0917 - one for each option
    since: Since = "-P7D",
    first: Annotated[int, typer.Option(min=1, max=100, help="How many at most.")] = 10,
    organization: Organization = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    watch: Watch = None,
) -> None:
    """Show what moved most since an instant.

    Example: `folioscope movers --since -P1M`
    """
    refuse_both(as_json, as_csv)

    def show() -> None:
        _days_since(since)
        whole = asyncio.run(_movers(since, first, organization))
        if as_json:
            print_json(whole["movers"])
        elif as_csv:
            print_csv(("key", "name", "from", "to", "delta"), map(_moved, whole["movers"]))
        else:
            _show_movers(whole)

    repeat(watch, show)


def _moved(item: Any) -> tuple[Any, ...]:
    return item["subject"]["key"], item["subject"]["name"], item["from"], item["to"], item["delta"]


def _show_movers(whole: Any) -> None:
    rows = [_moved(item) for item in whole["movers"]]
    table = Table("Key", "Name", "From", "To", "Moved", box=None)
    for key, name, before, after, delta in rows:
        color = "green" if delta > 0 else "red"
        table.add_row(key, escape(name), _points(before), _points(after), f"[{color}]{delta:+.1f}[/]")
    was_scored = whole["healthThen"]["provisionalScore"] is not None
    nothing = "Nothing moved." if was_scored else "Nothing had a score then and now."
    Console().print(table if rows else nothing)


def _days_since(since: str) -> list[str]:
    """Even steps from then until today. Raises Failure for an instant to come."""
    now = datetime.now(UTC)
    try:
        begin = resolve_instant(since, now)
    except Rejected as rejected:
        raise Failure(rejected.message, "--help says what --since takes.") from None
    if begin > now:
        raise Failure(f"--since {since} lies in the future.", "Give a day that has been, or a duration such as -P30D.")
    last = _TREND_STEPS - 1
    return [(begin + (now - begin) * step / last).date().isoformat() for step in range(_TREND_STEPS)]


async def _overview(since: str, organization: str | None) -> dict[str, Any]:
    from cli.reports.operation import operations

    products: list[Any] = []
    after = None
    async with operations(organization) as run:
        while True:
            data = await run("HealthOverview", {"since": since, "first": 100, "after": after})
            products += data["products"]["nodes"]
            if not data["products"]["pageInfo"]["hasNextPage"]:
                return {"organization": data["organization"], "products": products}
            after = data["products"]["pageInfo"]["endCursor"]


async def _movers(since: str, first: int, organization: str | None) -> Any:
    from cli.reports.operation import operations

    async with operations(organization) as run:
        data = await run("WhatMoved", {"since": since, "first": first})
    return data["organization"]


def _row(product: Any) -> tuple[Any, ...]:
    state, divergence = product["health"], product["divergence"]
    return (
        *(product["key"], product["name"], product["portfolio"]["key"], state["score"], state["band"]),
        *(state["bandSince"], state["confidenceLevel"], divergence["kind"] if divergence else ""),
    )


def _show_health(found: Any, days: Sequence[str]) -> None:
    console = Console()
    whole = found["organization"]
    state = whole["health"]
    trend = _trend(whole, days)
    console.print(f"[bold]{escape(whole['name'])}[/]  {_points(state['score'])} {_band(state['band'])}  {trend}")
    table = Table("Key", "Name", box=None)
    table.add_column("Score", justify="right")
    for title in ("Band", "Trend", "Report"):
        table.add_column(title, no_wrap=True)
    for product in found["products"]:
        key, name, _, score, band, _, _, report = _row(product)
        trend = _trend(product, days)
        table.add_row(key, escape(name), _points(score), _band(band), trend, report)
    console.print(table)


def _band(band: str) -> str:
    return f"[{_STYLE[band]}]{_SIGN[band]} {band}[/]"


def _points(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}"


def _trend(node: Mapping[str, Any], days: Sequence[str]) -> str:
    return sparkline([_score_by(day, node) for day in days])


def _score_by(day: str, node: Mapping[str, Any]) -> float | None:
    """The last one known by then."""
    scores = [row["score"] for row in node["healthHistory"] if row["asOf"] <= day]
    return scores[-1] if scores else node["healthThen"]["score"]
