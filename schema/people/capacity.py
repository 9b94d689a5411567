"""Capacity: how much of people's time there is, and how much of it is given away, by week or by month."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from compiler.declare import argument, column, rows, value_object
from compiler.statement import Rejected
from portfolio.enumerations import TimeBucket

MOST_BUCKETS = 60


@value_object
class CapacityBucket:
    """People's time in one week or month, in full-time equivalents: 1 is one person for all its Mondays to Fridays."""

    start_on: date = column("First day.")
    end_on: date = column("Last day.")
    available: float = column("Time that there is: working time without absences and company holidays.")
    allocated: float = column(
        "Time that is given to work on the days on which people are there. An allocation is a share of full time."
    )
    is_over_allocated: bool = column(
        "Whether one of these people has more work, of all places, than time of their own."
    )


# {people} gives (person_id, during): who is there, and when. {here}: condition on subject `s`, whose work counts.
# A person's days are merged before they are counted: whoever is in two teams at once is there once. What an absence
# takes of a day, it takes of work as well: nobody is above what there is for being away.
_BUCKETS = """lateral (
  with bucket as materialized (
    select start_on, end_on, daterange(start_on, end_on, '[]') as span, weekdays(daterange(start_on, end_on, '[]'))::numeric as days
    from calendar_buckets({from}, {to}, '{bucket}')
  ), presence as materialized (
    select p.person_id, unnest(range_agg(p.during)) as during from ({people}) p group by p.person_id
  ), work as materialized (
    select w.person_id, w.allocation, daterange(w.from_on, w.to_on, '[]') as during, {here} as counts
    from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
    where w.tenant_id = {tenant} and w.person_id in (select person_id from presence) {near} {within s.portfolio_id}
  ), part as materialized (
    select b.start_on, t.person_id, t.during * b.span as during, t.share, t.presence
    from available_time((select array_agg(distinct person_id) from presence), (select min(start_on) from bucket),
                        (select max(end_on) from bucket)) t join bucket b on b.span && t.during
  ), present as materialized (
    select t.start_on, t.person_id, sum(t.share * t.presence * weekdays(t.during * p.during)) as days
    from part t join presence p on p.person_id = t.person_id and p.during && t.during group by t.start_on, t.person_id
  ), given as materialized (
    select t.start_on, sum(w.allocation * t.presence * weekdays(w.during * p.during * t.during)) as days
    from part t join presence p on p.person_id = t.person_id and p.during && t.during
    join work w on w.person_id = t.person_id and w.counts and w.during && t.during group by t.start_on
  ), whole as materialized (
    select t.start_on, t.person_id, sum(t.share * t.presence * weekdays(t.during)) as days
    from part t group by t.start_on, t.person_id
  ), load as materialized (
    select t.start_on, t.person_id, sum(w.allocation * t.presence * weekdays(w.during * t.during)) as days
    from part t join work w on w.person_id = t.person_id and w.during && t.during group by t.start_on, t.person_id)
  select b.start_on, b.end_on,
         round(coalesce((select sum(p.days) from present p where p.start_on = b.start_on), 0) / b.days, 6) as available,
         round(coalesce((select g.days from given g where g.start_on = b.start_on), 0) / b.days, 6) as allocated,
         exists (select from present p join load l using (start_on, person_id) join whole w using (start_on, person_id)
                 where p.start_on = b.start_on and l.days > w.days) as is_over_allocated
  from bucket b) {other}"""
_WORKERS = (
    "select w.person_id, daterange(w.from_on, w.to_on, '[]') as during from person_work w"
    " join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id"
    " where w.tenant_id = {tenant} and {here} {near} {within s.portfolio_id}"
)
# Weeks and months reach a little beyond the span; what lies further out is not looked at.
_NEAR = "and w.from_on <= {to} + 31 and coalesce(w.to_on, 'infinity') >= {from} - 31"


def capacity_of_work(what: str, here: str) -> Any:
    """Capacity of those who work somewhere, there. here: condition on subject `s`."""
    return capacity(what, _WORKERS, here)


def capacity(what: str, people: str, here: str = "true") -> Any:
    """what: whose time it is, a sentence. people, here: see _BUCKETS."""
    template = _BUCKETS.replace("{people}", people).replace("{here}", here).replace("{near}", _NEAR)

    def source(arguments: Mapping[str, Any]) -> str:
        return template.replace("{bucket}", _unit(_value(arguments.get("bucket"))))

    return rows(
        CapacityBucket,
        f"{what} By week or month, oldest first: the at most {MOST_BUCKETS} whole ones that touch the span. "
        "Work outside your portfolios is left out.",
        source,
        "{other}.start_on",
        arguments={
            "from_": argument(date, "A day of the first week or month.", name="from"),
            "to": argument(date, "A day of the last week or month, not before `from`."),
            "bucket": argument(TimeBucket | None, "Into what the span is cut. Null: WEEK."),
        },
        check=_refuse_long_span,
    )


def _value(leaf: Any) -> Any:
    return None if leaf is None else leaf.value


def _unit(given: Any) -> TimeBucket:
    return TimeBucket.WEEK if given is None else TimeBucket(str(getattr(given, "value", given)))


def _refuse_long_span(arguments: Mapping[str, Any]) -> None:
    """The number of buckets is at most this, wherever weeks begin."""
    first, last = arguments["from"], arguments["to"]
    if last < first:
        raise Rejected("BAD_USER_INPUT", "`to` is a day before `from`.")
    if _unit(arguments.get("bucket")) is TimeBucket.WEEK:
        count = ((last - first).days + 6) // 7 + 1
    else:
        count = (last.year - first.year) * 12 + last.month - first.month + 1
    if count > MOST_BUCKETS:
        message = f"The span touches {count} weeks or months; at most {MOST_BUCKETS}."
        raise Rejected("BAD_USER_INPUT", message, MOST_BUCKETS, count)
