"""`folioscope capacity`: who has time, and who is promised twice?"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.application import app
from cli.printing import AsCsv, AsJson, Organization, Watch, print_csv, print_json, refuse_both, repeat, sparkline
from portfolio.enumerations import TimeBucket
from runtime.failure import Failure

_BACK, _AHEAD = timedelta(weeks=4), timedelta(weeks=8)
# A sign beside the color, for those who do not see it.
_ABOVE = "▲"
_COLUMNS = ("key", "name", "startOn", "endOn", "available", "allocated", "isOverAllocated")

_From = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; otherwise four weeks ago.")
]
_To = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last day; otherwise eight weeks after today or a later first day."),
]
_Bucket = Annotated[TimeBucket, typer.Option(case_sensitive=False, help="Into what the span is cut.")]


@app.command()
def capacity(  # noqa: PLR0913, PLR0917 - one for each option
    from_: _From = None,
    to: _To = None,
    bucket: _Bucket = TimeBucket.WEEK,
    team: Annotated[str | None, typer.Option(help="Key of the only team to show.")] = None,
    people: Annotated[bool, typer.Option("--people", help="People instead of teams.")] = False,
    organization: Organization = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    watch: Watch = None,
) -> None:
    """Show whose time is given away: first where somebody is above 100 %, then the fullest.

    Example: `folioscope capacity --team CARE --people --bucket month`
    """
    refuse_both(as_json, as_csv)

    def show() -> None:
        found = asyncio.run(_read(_variables(from_, to, bucket), team, people, organization))
        if as_json:
            print_json(found)
        elif as_csv:
            print_csv(_COLUMNS, _rows(found))
        else:
            _show(found)

    repeat(watch, show)


def _variables(from_: datetime | None, to: datetime | None, bucket: TimeBucket) -> dict[str, Any]:
    today = _today()
    first = from_.date() if from_ else today - _BACK
    last = to.date() if to else max(today, first) + _AHEAD
    return {"from": first.isoformat(), "to": last.isoformat(), "bucket": bucket.value}


def _today() -> date:
    return datetime.now(UTC).date()


async def _read(variables: Mapping[str, Any], team: str | None, people: bool, organization: str | None) -> list[Any]:
    from cli.reports.operation import operations

    operation = "MemberCapacity" if team and people else "PersonCapacity" if people else "TeamCapacity"
    chosen = {"team": team, "filter": {"key": {"eq": team}} if team else None}
    nodes: list[Any] = []
    after = None
    async with operations(organization) as run:
        while True:
            page = _page(await run(operation, {**variables, **chosen, "after": after}))
            if page is None or (team and not people and not page["nodes"]):
                raise Failure(f"There is no team {team}.", "`folioscope capacity` lists the teams.")
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
    # Somebody who came back has two memberships.
    found = list({node["key"]: node for node in (node.get("person", node) for node in nodes)}.values())
    if team and not found:
        raise Failure(f"Nobody is in the team {team}.", "`membershipStart` of the API puts somebody into it.")
    return sorted(found, key=_urgency)


def _urgency(node: Mapping[str, Any]) -> tuple[Any, ...]:
    buckets = node["capacity"]
    return not any(each["isOverAllocated"] for each in buckets), -max(_used(each) for each in buckets), node["key"]


def _page(data: Mapping[str, Any]) -> Any:
    """Null: there is no such team."""
    ((_, found),) = data.items()
    return found["memberships"] if found and "memberships" in found else found


def _used(bucket: Mapping[str, Any]) -> float:
    """Percent of the time that there is; without any, what is given away counts as time of one person."""
    return 100 * bucket["allocated"] / (bucket["available"] or 1)


def _rows(found: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for node in found:
        for bucket in node["capacity"]:
            yield (node["key"], node["name"], *(bucket[name] for name in _COLUMNS[2:]))


def _show(found: Sequence[Any]) -> None:
    console = Console()
    if not found:
        console.print("There is nobody yet.")
        return
    span = found[0]["capacity"]
    console.print(f"{span[0]['startOn']} to {span[-1]['endOn']}; {_ABOVE}: somebody is above 100 %", highlight=False)
    table = Table(box=None)
    table.add_column("Key", no_wrap=True)
    table.add_column("Name")
    for title in ("FTE there", "FTE given", "Used"):
        table.add_column(title, justify="right")
    for title in ("Over time", "Above 100 %"):
        table.add_column(title, no_wrap=True)
    for node in found:
        now = _now(node["capacity"])
        above = [bucket["startOn"] for bucket in node["capacity"] if bucket["isOverAllocated"]]
        warning = f"[red]{_ABOVE} from {above[0]}[/]" if above else ""
        numbers = (f"{now['available']:.1f}", f"{now['allocated']:.1f}", _percent(now))
        table.add_row(node["key"], escape(node["name"]), *numbers, _over_time(node["capacity"]), warning)
    console.print(table)


def _now(buckets: Sequence[Any]) -> Any:
    """The bucket of today; the last one of a span that is over, the first one of a span to come."""
    begun = [bucket for bucket in buckets if bucket["startOn"] <= _today().isoformat()]
    return begun[-1] if begun else buckets[0]


def _percent(bucket: Mapping[str, Any]) -> str:
    used = _used(bucket)
    return f"[red]{used:.0f} %[/]" if used > 100 else f"{used:.0f} %"


def _over_time(buckets: Sequence[Any]) -> str:
    return "".join(
        f"[red]{_ABOVE}[/]" if bucket["isOverAllocated"] else sparkline([_used(bucket)]) for bucket in buckets
    )
