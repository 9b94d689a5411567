"""`folioscope why KEY`: a score and where its points went."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.application import app
from cli.printing import AsCsv, AsJson, Organization, Watch, print_csv, print_json, refuse_both, repeat
from portfolio.identity import parse_id, print_id
from runtime.failure import Failure
from runtime.settings import load_settings

_COLOR_OF_BAND = {"HEALTHY": "green", "WATCH": "yellow", "AT_RISK": "dark_orange", "CRITICAL": "red"}

_FIND = """
select n.kind, n.node, n.name, h.* from (
  select 'INITIATIVE' as kind, id, key, name from initiative where tenant_id = $1
  union all select 'PRODUCT', id, key, name from product where tenant_id = $1
  union all select 'PORTFOLIO', id, key, name from portfolio where tenant_id = $1
  union all select 'ORGANIZATION', id, key, name from organization where tenant_id = $1
) n (kind, node, key, name) left join current_health_score h on h.tenant_id = $1 and h.node_id = n.node
where n.key = $2 or n.node = $3
"""
_NAMES = """
select id, name from kpi where tenant_id = $1 and id = any ($2)
union all select id, name from initiative where tenant_id = $1 and id = any ($2)
union all select id, name from product where tenant_id = $1 and id = any ($2)
union all select id, name from portfolio where tenant_id = $1 and id = any ($2)
"""


@app.command()
def why(
    key: Annotated[str, typer.Argument(help="Key or id of a product, initiative, portfolio or organization.")],
    organization: Organization = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    watch: Watch = None,
) -> None:
    """Show a score as a waterfall: 100 minus what each dimension, and in it each cause, takes away.

    Example: `folioscope why CARE-BOT --watch 10`
    """
    refuse_both(as_json, as_csv)

    def show() -> None:
        found = asyncio.run(_read(load_settings().database_url, key, organization))
        if as_json:
            print_json(found)
        elif as_csv:
            print_csv(("path", "name", "code", "points"), _rows(found))
        else:
            _show(found)

    repeat(watch, show)


async def _read(database_url: str, key: str, organization: str | None) -> dict[str, Any]:
    from cli.tenants import find_tenant
    from runtime.postgres import Database

    database = await Database.open(database_url, size=2)
    try:
        tenant = await find_tenant(database_url, database, organization)
        identity = parse_id(key)
        async with database.transaction(tenant.id, readonly=True) as connection:
            rows = await connection.fetch(_FIND, tenant.id, key, identity[1] if identity else None)
            rows = rows or await connection.fetch(_FIND, tenant.id, key.upper(), None)
            row = _only(key, rows)
            named = await connection.fetch(_NAMES, tenant.id, list(_ids_in(row["driver_paths"] + row["cap_keys"])))
    finally:
        await database.close()
    return _describe(row, {each["id"]: each["name"] for each in named})


def _only(key: str, rows: list[Any]) -> Any:
    if not rows:
        raise Failure(
            f"No organization, portfolio, product or initiative has the key {key}.",
            "`folioscope health` lists the keys of products.",
        )
    if len(rows) > 1:
        ids = ", ".join(print_id(row["kind"], row["node"]) for row in rows)
        raise Failure(f"Several things have the key {key}.", f"Use an id: {ids}.")
    if rows[0]["as_of"] is None:
        raise Failure(
            f"{rows[0]['name']} has no score yet.", "Scores come from a worker: `folioscope worker` runs one."
        )
    return rows[0]


def _ids_in(paths: list[str]) -> Iterator[UUID]:
    for path in paths:
        identity = parse_id(path.rpartition(":")[2])
        if identity is not None:
            yield identity[1]


def _describe(row: Mapping[str, Any], names: Mapping[UUID, str]) -> dict[str, Any]:
    drivers = zip(row["driver_paths"], row["driver_codes"], row["driver_points_mp"], strict=True)
    contributions = zip(row["contribution_keys"], row["contribution_points_mp"], strict=True)
    capped = any(key.startswith("cap:") for key in row["contribution_keys"])
    caps = zip(row["cap_keys"], row["cap_points_mp"], strict=True)
    return {
        "id": print_id(row["kind"], row["node"]),
        "name": row["name"],
        "score": _points(row["score_mp"]),
        "provisionalScore": _points(row["provisional_mp"]),
        "band": row["band"],
        "bandSince": row["band_since"].isoformat(),
        "lifecycle": row["lifecycle"],
        "coverage": _points(row["coverage_mp"]),
        "confidence": _points(row["confidence_mp"]),
        "confidenceLevel": row["confidence_level"],
        "range": {"low": _points(row["low_mp"]), "high": _points(row["high_mp"])},
        "contributions": [{"key": key, "points": _points(points)} for key, points in contributions],
        "drivers": [
            {"path": path, "name": _name(path, names), "code": code, "points": _points(points)}
            for path, code, points in drivers
        ],
        "driverRemainder": _points(row["driver_remainder_mp"]),
        "caps": [
            {
                "key": key,
                "name": _name(key, names),
                "limit": _points(limit),
                "binding": capped and limit == row["provisional_mp"],
            }
            for key, limit in caps
        ],
        "excludedChildren": dict(zip(row["excluded_lifecycles"], row["excluded_counts"], strict=True)),
        "asOf": row["as_of"].isoformat(),
        "revision": row["revision"],
        "policyVersion": row["policy_version"],
        "engineVersion": row["engine_version"],
        "fingerprint": row["fingerprint"].hex(),
        "computedAt": row["computed_at"].isoformat(),
    }


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The contributions, then the causes within them."""
    for contribution in found["contributions"]:
        yield contribution["key"], contribution["key"], "", contribution["points"]
    for driver in found["drivers"]:
        yield driver["path"], driver["name"], driver["code"], driver["points"]


def _points(points_mp: int | None) -> float | None:
    return None if points_mp is None else points_mp / 1000


def _name(path: str, names: Mapping[UUID, str]) -> str:
    identity = parse_id(path.rpartition(":")[2])
    fallback = path.rpartition("/")[2]
    return names.get(identity[1], fallback) if identity else fallback


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
    for lifecycle, count in found["excludedChildren"].items():
        console.print(f"Left out: {count} {lifecycle}")
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
    if found["driverRemainder"]:
        table.add_row("  [dim]smaller causes, in the above[/]", f"[dim]{_lost(found['driverRemainder'])}[/]", "", "")
    return table


def _lost(points: float) -> str:
    return f"-{points:.3f}" if points else "0.000"


def _title(key: str, name: str) -> str:
    """A dimension by its key, a cap in words."""
    if key == "cap:overdue":
        return "past its target day"
    return f"critical KPI {name}" if key.startswith("cap:") else key
