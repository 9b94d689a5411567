"""What happens in a week: values come in, work moves on, states change, people report."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from cli.demo.changes import Changes, together
from cli.demo.company import MEASURED_STAGES, WEEKS, Company, DemoInitiative, DemoKpi, DemoProduct, person_key
from cli.demo.founding import MILESTONES, last_day_of
from cli.demo.numbers import level, progress_of_week, values_of_week
from portfolio import enumerations as words
from portfolio.identity import parse_id
from resolvers.measurement.measurement import MOST_ROWS, MeasurementInput
from runtime.viewer import Viewer

_REPORT_WEEKS = (13, 17, 21, 25)
REPORT_DAYS_BEFORE = (5, 4, 3)
"""Days before the end of a week on which people report, each owner always on the same."""
_CONFIRM_EVERY_WEEKS = 4
_REPORTING = frozenset({words.Scope.READ, words.Scope.WRITE})
# What an honest owner writes, by the points from which on it holds.
_WORDS = (
    (77, "ON_TRACK", ("As planned.", "Numbers are where they should be.", "Nothing to decide.", "Users are content.")),
    (45, "AT_RISK", ("Behind the plan; we know why.", "Targets not reached yet.", "One more month is needed.")),
    (0, "OFF_TRACK", ("We need help.", "The plan does not hold any more.")),
)


def _is_told_in(week: int) -> bool:
    """Progress came every other week, and comes every week of late."""
    return week % 2 == 1 or week >= WEEKS - 6


def _reports_before(product: DemoProduct) -> int:
    return REPORT_DAYS_BEFORE[len(product.facts["owner"]) % len(REPORT_DAYS_BEFORE)]


def moment_of(end: datetime, week: int) -> datetime:
    """When a week is played: in the evening of its last day, the last week at the end."""
    day = last_day_of(end.date(), week)
    return end if week == WEEKS - 1 else datetime.combine(day, time(20), UTC)


class Weeks:
    """Plays one company's weeks. end: of the last one."""

    def __init__(self, company: Company, changes: Changes, end: datetime, seed: str) -> None:
        self.company, self.changes, self.ids, self.end, self.seed = company, changes, changes.ids, end, seed
        self.today = end.date()
        self._reporters: dict[str, Viewer] = {}

    async def hire(self) -> None:
        """Owners get keys to report with. Nobody keeps them: their secrets are shown to nobody."""
        owners = {product.facts["owner"] + self.company.suffix for product in self.company.products}
        for owner in sorted(owners):
            key = person_key(owner)
            expires_at = datetime.combine(self.today + timedelta(days=30), time(), UTC)
            given = {
                "name": f"Reports of {owner}",
                "person_id": self.ids["person", key],
                "scopes": sorted(_REPORTING),
                "expires_at": expires_at,
            }
            await self.changes.make("apiKeyCreate", "key", key, given)
            self._reporters[owner] = self._viewer(key)

    def _viewer(self, person: str) -> Viewer:
        held = [parse_id(self.ids[kind, person]) for kind in ("key", "person")]
        key_id, person_id = (found[1] for found in held if found)
        return Viewer(self.changes.viewer.tenant_id, key_id, person_id, None, _REPORTING, None)

    async def play(self, week: int) -> None:
        company = self.company
        if week:
            await together(self._enter(product, week) for product in company.products)
        await together(self._measure(week, *batch) for batch in enumerate(self._batches(week)))
        await together(self._advance(each, week) for each in company.initiatives if each.weeks)
        if week and week % _CONFIRM_EVERY_WEEKS == 0:
            await together(self._confirm(product, week) for product in company.products)

    async def report(self, week: int, days_before: int) -> None:
        due = [each for each in self.company.products if _reports_before(each) == days_before]
        await together(self._report(product, week) for product in due)

    async def _enter(self, product: DemoProduct, week: int) -> None:
        stage = product.stage_in(week)
        if stage != product.stage_in(week - 1):
            given = {"id": self.ids["product", product.key], "lifecycle_stage": words.LifecycleStage(stage)}
            await self.changes.do("productUpdate", f"{product.key}/{stage}", given)

    async def _confirm(self, product: DemoProduct, week: int) -> None:
        """Whoever works on it still does: without that, the score of the team would fade."""
        for (kind, name), id in self.ids.items():
            if kind == "assignment" and name.startswith(f"{product.key}/"):
                await self.changes.do("assignmentConfirm", f"{name}/{week}", {"id": id})

    # Measurements ---------------------------------------------------------------------------------

    def _batches(self, week: int) -> Iterator[list[MeasurementInput]]:
        rows = [row for kpi in self.company.kpis if kpi.is_measured_in(week) for row in self._rows(kpi, week)]
        rows += self._corrections(week)
        for begin in range(0, len(rows), MOST_ROWS):
            yield rows[begin : begin + MOST_ROWS]

    def _rows(self, kpi: DemoKpi, week: int) -> Iterator[MeasurementInput]:
        fault = self.company.facts["bad_import"]
        last_day = last_day_of(self.today, week)
        for day, value in values_of_week(self.seed, kpi, last_day, week):
            is_bad = (kpi.key, week) == (fault["kpi"], fault["week"]) and (last_day - day).days < fault["days"]
            yield self._row(kpi, (day, round(value * fault["factor"], 6) if is_bad else value), week)

    def _corrections(self, week: int) -> Iterator[MeasurementInput]:
        """The same values under the same names, as they should have been."""
        fault = self.company.facts["bad_import"]
        last_day = last_day_of(self.today, fault["week"])
        for kpi in self.company.kpis:
            if (kpi.key, week) == (fault["kpi"], fault["week"] + 1):
                for day, value in values_of_week(self.seed, kpi, last_day, fault["week"]):
                    if (last_day - day).days < fault["days"]:
                        yield self._row(kpi, (day, value), week, fault["note"])

    def _row(self, kpi: DemoKpi, measured: tuple[date, float], week: int, note: str | None = None) -> MeasurementInput:
        """Of 18 o'clock UTC, but never later than the week's own moment."""
        day, value = measured
        return MeasurementInput(
            kpi_id=self.ids["kpi", kpi.key],
            value=value,
            observed_at=min(datetime.combine(day, time(18), UTC), moment_of(self.end, week)),
            source="warehouse",
            external_id=f"{kpi.key}/{day}",
            note=note,
        )

    async def _measure(self, week: int, place: int, rows: list[MeasurementInput]) -> None:
        name = f"{week}/{place}{self.company.tag}"
        await self.changes.do("measurementsRecord", name, {"measurements": rows})

    # Work and reports -----------------------------------------------------------------------------

    async def _advance(self, initiative: DemoInitiative, week: int) -> None:
        state, before = initiative.state_in(week), initiative.state_in(week - 1) if week else "ACTIVE"
        id = self.ids["initiative", initiative.key]
        if "ACTIVE" in (state, before) and initiative.share(week) and (_is_told_in(week) or state != before):
            await self._record_progress(initiative, week)
        for share, _ in MILESTONES:
            if week and initiative.share(week) >= share > initiative.share(week - 1):
                name = f"{initiative.key}/{share}"
                reached = {
                    "id": self.ids["milestone", name],
                    "done_on": last_day_of(self.today, week) - timedelta(days=2),
                }
                await self.changes.do("milestoneUpdate", name, reached)
        if week and state != before:
            given = {"id": id, "state": words.InitiativeState(state)}
            await self.changes.do("initiativeUpdate", f"{initiative.key}/{state}", given)

    async def _record_progress(self, initiative: DemoInitiative, week: int) -> None:
        found = progress_of_week(self.seed, initiative, week)
        given = {
            "initiative_id": self.ids["initiative", initiative.key],
            "observed_at": moment_of(self.end, week),
            "total_scope": found.total_items,
            "done_scope": found.done_items,
            "total_items": found.total_items,
            "done_items": found.done_items,
            "in_progress_items": found.in_progress_items,
            "blocked_items": found.blocked_items,
            "weekly_throughput": found.weekly_throughput,
        }
        await self.changes.do("initiativeProgressRecord", f"{initiative.key}/{week}", given)

    async def _report(self, product: DemoProduct, week: int) -> None:
        said = self._said(product, week)
        if said is not None:
            status, body = said
            given = {
                "subject_id": self.ids["product", product.key],
                "status": words.ReportedStatus(status),
                "body": body,
            }
            reporter = self._reporters[product.facts["owner"] + self.company.suffix]
            await self.changes.do("statusUpdateCreate", f"{product.key}/{week}", given, reporter)

    def _said(self, product: DemoProduct, week: int) -> tuple[str, str] | None:
        if "reports" in product.facts:
            return next(((status, body) for when, status, body in product.facts["reports"] if when == week), None)
        if week not in _REPORT_WEEKS or product.stage_in(week) not in MEASURED_STAGES:
            return None
        points = level(product.facts["course"], week)
        status, bodies = next((status, bodies) for least, status, bodies in _WORDS if points >= least)
        return status, random.Random(f"{self.seed}/{product.key}/report/{week}").choice(bodies)
