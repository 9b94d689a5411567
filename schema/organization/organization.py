"""The organization: the tenant, and the top of every roll-up."""

from datetime import datetime

import strawberry

from compiler.declare import column, expression, identifier, many, one, rows, table, value_object
from schema.entity import entity
from schema.measurement.mover import ANYWHERE, movers
from schema.measurement.rollup import rollup
from schema.node import HealthSubject, public_id
from schema.people.assignment import assignments
from schema.people.skill_demand import skill_demands
from schema.portfolio.data_gap import Reach, data_gaps


@value_object
class ParkedJob:
    """Work on one object that failed five times and was given up until the object changes again."""

    job: str = expression("What was tried: RECOMPUTE_HEALTH, APPLY_DELIVERIES or RUN_JOB.", "upper({self}.job)")
    target_id: strawberry.ID = column("Id of the object: what is scored, the connection, or the job.")
    tries: int = column("Number of failed tries.")
    error_code: str | None = column("Class of the last failure; null when the worker itself died.")
    parked_at: datetime = column("Instant at which it was given up.")


_TARGET = public_id("coalesce(u.kind, case s.job when 'run_job' then 'JOB' else 'CONNECTION' end)", "s.target_id")
_PARKED = (
    f"(select s.job, s.tries, s.error_code, s.parked_at, {_TARGET} as target_id"
    " from signal s left join subject u on u.tenant_id = s.tenant_id and u.id = s.target_id"
    " where s.tenant_id = {tenant} and s.parked_at is not null {within u.portfolio_id}"
    " order by s.parked_at, target_id limit 100) {other}"
)


@entity()
@table("organization", kind="ORGANIZATION")
class Organization(HealthSubject):
    """The organization to which everything belongs. Its health is hidden from viewers who see only some portfolios."""

    id: strawberry.ID = identifier("ORGANIZATION")
    name: str = column("Display name.")
    time_zone: str = column(
        "IANA time zone in which days begin, such as Europe/Zurich. A change holds from the next day."
    )
    first_weekday: int = column("First day of the week: 1 Monday to 7 Sunday.")
    health_policy_version: str = column("Version of the rules by which health is computed now.")
    portfolios = many("Portfolio", "Portfolios at the top: those without a parent.", "{other}.parent_id is null")
    kpis = many("Kpi", "KPIs of the organization itself.", "{other}.subject_id = {self}.id")
    events = many(
        "Event",
        "What happened to the organization itself, oldest first.",
        "{other}.subject_id = {self}.id",
        order="SEQUENCE",
    )
    assignments = assignments()
    skill_demands = skill_demands()
    rollup = rollup("")
    parked_jobs = rows(
        ParkedJob,
        "Work that was given up, the longest ago first; at most 100. Usually empty: a number here wants a look at the worker's log.",
        _PARKED,
        '{other}.parked_at, {other}.target_id collate "C"',
    )
    data_gaps = data_gaps(Reach.ORGANIZATION)
    movers = movers(ANYWHERE)
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the organization meanwhile."
    )
    created_at: datetime = column("Instant of creation.")
    updated_at: datetime = column("Instant of the last change.")


@strawberry.type
class OrganizationQuery:
    organization = one("Organization", "Organization to which the key belongs.", "true")
