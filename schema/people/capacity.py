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
    """People's time in one week or month, in full-time equivalents: 1 is one person for the whole of it."""

    start_on: date = column("First day.")
    end_on: date = column("Last day.")
    available: float = column("Time that there is: 1 for each person, in proportion to the days.")
    allocated: float = column("Time that is given to work, in proportion to the days.")
    is_over_allocated: bool = column(
        "Whether one of these people is above 100 % over all work, on the average of the days."
    )


# {people} gives (person_id, during): who is there, and when. {here}: condition on subject `s`, whose work counts.
# A person's days are merged before they are counted: whoever is in two teams at once is there once.
_BUCKETS = """lateral (
  with bucket as materialized (
    select start_on, end_on, daterange(start_on, end_on, '[]') as span, (end_on - start_on + 1)::numeric as days
    from calendar_buckets({from}, {to}, '{bucket}')
  ), presence as materialized (
    select p.person_id, unnest(range_agg(p.during)) as during from ({people}) p group by p.person_id
  ), work as materialized (
    select w.person_id, w.allocation, daterange(w.from_on, w.to_on, '[]') as during, {here} as counts
    from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
    where w.tenant_id = {tenant} and w.person_id in (select person_id from presence) {near} {within s.portfolio_id}
  ), present as materialized (
    select b.start_on, p.person_id, sum(upper(p.during * b.span) - lower(p.during * b.span)) as days
    from bucket b join presence p on p.during && b.span group by b.start_on, p.person_id
  ), given as materialized (
    select b.start_on, sum(w.allocation * (upper(w.during * b.span) - lower(w.during * b.span))) as days
    from bucket b
    join (select w.allocation, w.during * p.during as during
          from work w join presence p on p.person_id = w.person_id and p.during && w.during where w.counts) w
      on w.during && b.span group by b.start_on
  ), load as materialized (
    select b.start_on, w.person_id, sum(w.allocation * (upper(w.during * b.span) - lower(w.during * b.span))) as days
    from bucket b join work w on w.during && b.span group by b.start_on, w.person_id)
  select b.start_on, b.end_on,
         round(coalesce((select sum(p.days) from present p where p.start_on = b.start_on), 0) / b.days, 6) as available,
         round(coalesce((select g.days from given g where g.start_on = b.start_on), 0) / b.days, 6) as allocated,
         exists (select from present p join load l on l.start_on = p.start_on and l.person_id = p.person_id
                 where p.start_on = b.start_on and l.days > b.days) as is_over_allocated
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
