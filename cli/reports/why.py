"""`folioscope why KEY`: a score and where its points went."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.application import app
from cli.printing import AsCsv, AsJson, Organization, Watch, print_csv, print_json, refuse_both, repeat
from portfolio.identity import parse_id
from runtime.failure import Failure

if TYPE_CHECKING:
    from cli.reports.operation import Run

# The most that one look-up of names takes.
_MOST_NAMES = 100
_SUMS = {
    "REMAINDER": "smaller causes, in the above",
    "OUTSIDE_YOUR_PORTFOLIOS": "causes outside your portfolios, in the above",
}
_COLOR_OF_BAND = {"HEALTHY": "green", "WATCH": "yellow", "AT_RISK": "dark_orange", "CRITICAL": "red"}


@app.command()
def why(
    key: Annotated[str, typer.Argument(help="Key or id of a product, initiative, portfolio or organization.")],
    organization: Organization = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    watch: Watch = None,
) -> None:
    """Show a score as a waterfall: 100 minus what each dimension, and in it each cause, takes away.

    Examples: `folioscope why CARE-BOT --watch 10`,
    `FOLIOSCOPE_URL=https://folioscope.example FOLIOSCOPE_KEY=fsk_… folioscope why CARE-BOT`
    """
    refuse_both(as_json, as_csv)

    def show() -> None:
        found = asyncio.run(_read(key, organization))
        if as_json:
            print_json(found)
        elif as_csv:
            print_csv(("path", "name", "code", "points"), _rows(found))
        else:
            _show(found)

    repeat(watch, show)


async def _read(key: str, organization: str | None) -> dict[str, Any]:
    from cli.reports.operation import operations

    async with operations(organization) as run:
        id = key if parse_id(key) else await _find(run, key) or await _find(run, key.upper())
        node = (await run("ExplainScore", {"id": id}))["node"] if id else None
        if node is None or "health" not in node:
            raise Failure(
                f"No organization, portfolio, product or initiative has the key {key}.",
                "`folioscope health` lists the keys of products.",
            )
        health = node.pop("health")
        if health["asOf"] is None:
            message = f"{node['name']} has no score yet."
            raise Failure(message, "Scores come from a worker: `folioscope worker` runs one.")
        rows = (*health["drivers"], *health["caps"])
        found = await run("NamesOfNodes", {"ids": _ids_in(rows)})
    names = {named["id"]: named["name"] for named in found["nodes"] if named and "name" in named}
    for row in rows:
        row["name"] = _name(row.get("path") or row["key"], names)
    return {**node, **health}


async def _find(run: "Run", key: str) -> str | None:
    """Id of what has the key. Raises Failure when several have it."""
    found = await run("FindByKey", {"key": key})
    if found["organization"]["key"] != key:
        del found["organization"]
    ids = [node["id"] for node in found.values() if node]
    if len(ids) > 1:
        raise Failure(f"Several things have the key {key}.", f"Use an id: {', '.join(ids)}.")
    return ids[0] if ids else None


def _ids_in(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    last = [(row.get("path") or row["key"]).rpartition(":")[2] for row in rows]
    return [id for id in dict.fromkeys(last) if parse_id(id)][:_MOST_NAMES]


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The contributions, then the causes within them."""
    for contribution in found["contributions"]:
        yield contribution["key"], contribution["key"], "", contribution["points"]
    for driver in found["drivers"]:
        yield driver["path"], driver["name"], driver["code"], driver["points"]


def _name(path: str, names: Mapping[str, str]) -> str:
    return names.get(path.rpartition(":")[2], path.rpartition("/")[2])


def _show(found: Mapping[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    color = _COLOR_OF_BAND.get(found["band"], "white")
    score = "no published score" if found["score"] is None else f"{found['score']:.1f}"
    console.print(
        f"[bold]{escape(found['name'])}[/]  [bold {color}]{score} {found['band']}[/] since {found['bandSince']}"
    )
    if found["provisionalScore"] is None:
        console.print(f"Nothing could be scored; lifecycle {found['lifecycle']}.")
    else:
        console.print(_waterfall(found))
    for cap in found["caps"]:
        limited = "Limited to {:.1f}" if cap["binding"] else "A limit of {:.1f} stands above"
        console.print(f"{limited.format(cap['limit'])}: {escape(_title(cap['key'], cap['name']))}")
    low, high = found["range"]["low"], found["range"]["high"]
    console.print(
        f"Coverage {found['coverage']:.1f}, confidence {found['confidence']:.1f} {found['confidenceLevel']},"
        f" range {low:.1f} to {high:.1f}"
    )
    for children in found["excludedChildren"]:
        console.print(f"Left out: {children['count']} {children['lifecycle']}")
    console.print(
        f"[dim]As of {found['asOf']}, revision {found['revision']}, policy {found['policyVersion']},"
        f" engine {found['engineVersion']}, computed {found['computedAt']}[/]"
    )


def _waterfall(found: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for justify in ("left", "right", "right", "left"):
        table.add_column(justify=justify)
    left, caps = 100_000, {cap["key"]: cap["name"] for cap in found["caps"]}
    table.add_row("Everything at its target", "", "100.000", "")
    for contribution in found["contributions"]:
        left -= round(contribution["points"] * 1000)
        title = _title(contribution["key"], caps.get(contribution["key"], ""))
        table.add_row(escape(title), _lost(contribution["points"]), f"{left / 1000:.3f}", "")
        for driver in found["drivers"]:
            if driver["path"].startswith(f"{contribution['key']}/"):
                points = f"[dim]{_lost(driver['points'])}[/]"
                table.add_row(f"  [dim]{escape(driver['name'])}[/]", points, "", f"[dim]{driver['code']}[/]")
    for driver in found["drivers"]:
        if driver["path"] in _SUMS:
            table.add_row(f"  [dim]{_SUMS[driver['path']]}[/]", f"[dim]{_lost(driver['points'])}[/]", "", "")
    return table


def _lost(points: float) -> str:
    return f"-{points:.3f}" if points else "0.000"


def _title(key: str, name: str) -> str:
    """A dimension by its key, a cap in words."""
    if key == "cap:overdue":
        return "past its target day"
    return f"critical KPI {name}" if key.startswith("cap:") else key
