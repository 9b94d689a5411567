"""Jobs: imports and exports, which take longer than a request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from compiler.declare import argument, column, expression, identifier, lookup, many, one, rows, table, value_object
from compiler.listing import listing
from portfolio.enumerations import JobKind, JobState
from schema.node import Node
from schema.scalars import COMPARATORS


def _errors(arguments: Mapping[str, Any]) -> str:
    after = " and e.line > {afterLine}" if arguments.get("afterLine") is not None else ""
    return (
        "(select e.* from job_line_error e where e.tenant_id = {tenant} and e.job_id = {self}.id"
        f"{after} order by e.line fetch first 100 rows with ties) {{other}}"
    )


@value_object
class JobLineError:
    """A mistake in a line of an import. The line changed nothing."""

    line: int = column("Number of the line, from 1.")
    code: str = column("Kind of mistake, for programs: a `UserErrorCode`.")
    message: str = column("What is wrong and what to do, for people.")
    field: list[str] | None = column("Path to the member at fault inside the line; null: the line as a whole.")


# What is imported may lie outside a viewer's portfolios, and its mistakes tell of it: viewers with grants see the jobs
# of their own key only, for another key of its holder may have other grants.
@table("job", kind="JOB", wall="{self}.key_id = {key_id}")
class Job(Node):
    """An import or an export, which goes on after the answer, and after a worker that died, until it is finished."""

    id: strawberry.ID = identifier("JOB")
    kind: JobKind = column("What it does.", filter=JobKind)
    state: JobState = column("How far it is.", filter=JobState)
    is_dry_run: bool = column("Whether it only looks for mistakes, and changes nothing.", "dry_run")
    types: list[str] = column("Types that are exported, each at most once; none: all, or it is an import.")
    progress_percent: int | None = expression(
        "Share of the lines that is done, 0 to 100; null: the number of lines is not known yet.",
        "(case when {self}.state = 'COMPLETED' then 100 when {self}.line_count > 0"
        " then ({self}.lines_done * 100::bigint / {self}.line_count)::integer end)",
    )
    line_count: int | None = column("Number of lines; null: not known yet.")
    lines_done: int = column("Number of lines that were read or written.")
    created_count: int = column("Number of lines that made an object.")
    changed_count: int = column("Number of lines that changed an object.")
    unchanged_count: int = column("Number of lines that said what was known already.")
    failed_count: int = column("Number of lines that were refused.")
    errors = rows(
        JobLineError,
        "Mistakes by line, at most 119: a hundred, and whatever else is wrong with the last one's line. Of a job the first 1,000 are kept, for seven days.",
        _errors,
        "{other}.line, {other}.position",
        arguments={"after_line": argument(int | None, "Line after which the list begins. Null: from the first on.")},
    )
    error: str | None = column("Why it broke off; null: it did not.")
    download_path: str | None = expression(
        "Path from which an export is fetched, with the key; null: there is nothing to fetch, or no longer.",
        "(case when {self}.kind = 'EXPORT' and {self}.state = 'COMPLETED' and exists (select from bulk_file f"
        " where f.tenant_id = {tenant} and f.id = {self}.file_id) then '/exports/job_' || {self}.id end)",
    )
    person = one(
        "Person",
        "Person who started it; null when it was somebody else, or is hidden from you.",
        "{other}.id = {self}.person_id",
        nullable=True,
    )
    service_account = one(
        "ServiceAccount",
        "Service account that started it; null when it was somebody else, or is hidden from you.",
        "{other}.id = {self}.service_account_id",
        nullable=True,
    )
    created_at: datetime = column("Instant of the order.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    started_at: datetime | None = column("Instant of the beginning; null: it waits.", sql_type="timestamptz")
    finished_at: datetime | None = column(
        "Instant of the end, whatever came of it; null: it is not finished.", filter="DATE_TIME", sql_type="timestamptz"
    )


JobConnection, JobEdge, JobFilter, JobOrder = listing(Job, COMPARATORS)


@strawberry.input(one_of=True, description="Exactly one name of the job.")
class JobBy:
    id: strawberry.ID | None = strawberry.field(description="Id of the job.", default=strawberry.UNSET)


@strawberry.type
class JobQuery:
    job = lookup(
        "Job", "Job by its id; null when there is none that you may see.", JobBy, {"id": "{other}.id = {value}"}
    )
    jobs = many("Job", "Imports and exports, newest first.", order="CREATED_AT desc")
