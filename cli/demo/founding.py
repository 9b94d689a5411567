"""What there is on the first day: people, portfolios, products, KPIs, initiatives, teams and their promises."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from strawberry import ID

from cli.demo.changes import Changes, together
from cli.demo.company import WEEKS, Company, DemoInitiative, DemoKpi, DemoProduct, person_key
from cli.demo.numbers import JOURNEY_WEEKS
from portfolio import enumerations as words
from resolvers.organization.custom_field_value import (
    CustomFieldValueInput,
)
from resolvers.portfolio.label import LabelNameInput
from schema.measurement.kpi_target import KpiTargetInput
from schema.people.absence import AbsenceKind
from schema.portfolio.initiative import InitiativeProductInput

_JOBS = ("AI engineer", "Data scientist", "Data engineer", "ML operations", "Product designer", "Software engineer")
_COLORS = ("#4C78A8", "#F58518", "#54A24B", "#B279A2", "#E45756", "#72B7B2")
MILESTONES = (
    (0.4, ("Design agreed", "First users", "Data complete", "Trial in one country")),
    (1.0, ("For everyone",)),
)
"""Share of an initiative that is done by then, and names of what is reached."""


class Founding:
    """One company is founded; words that all share are the first one's. today: the last day of the half year."""

    def __init__(self, company: Company, changes: Changes, today: date, seed: str) -> None:
        self.company, self.changes, self.ids, self.today, self.seed = company, changes, changes.ids, today, seed

    async def found(self) -> None:
        company, facts = self.company, self.company.facts
        await together(self._person(name) for name in company.people)
        for portfolio in facts["portfolios"]:
            await self._portfolio(portfolio)
        if not company.tag:
            await self._words()
            await self._holidays()
        await together(self._product(product) for product in company.products)
        await together(self._kpi(kpi) for kpi in company.kpis)
        await together(self._initiative(each) for each in company.initiatives)
        await together(self._milestones(each) for each in company.initiatives if each.weeks)
        for dependency in facts["dependencies"]:
            await self._dependency(dependency)
        await together(self._team(team) for team in facts["teams"])
        await together(self._need(*need) for need in facts["demands"].items())
        for work in facts["assignments"]:
            holder = ("person", person_key(work["person"] + company.suffix))
            role = words.AssignmentRole(work["role"])
            await self._assign(holder, work["product"], role, (work["allocation"], *work["weeks"]))
        for name, (share, week) in facts["working_times"].items():
            given = {"person_id": self._person_id(name), "share": share, "from_on": first_day_of(self.today, week)}
            await self.changes.do("workingTimeCreate", person_key(name) + company.tag, given)
        for absence in facts["absences"]:
            await self._absence(absence)

    def _person_id(self, name: str) -> ID:
        return self.ids["person", person_key(name + self.company.suffix)]

    async def _person(self, name: str) -> None:
        key = person_key(name)
        given = {"key": key, "name": name, "email": f"{key}@halden.example"}
        await self.changes.make("personCreate", "person", key, given)

    async def _portfolio(self, facts: Mapping[str, Any]) -> None:
        parent = facts.get("parent")
        given = {
            "key": facts["key"] + self.company.tag,
            "name": facts["name"] + self.company.suffix,
            "description": facts["description"],
            "importance": facts.get("importance", 100),
            "owner_id": self._person_id(facts["owner"]),
            "parent_id": self.ids["portfolio", parent + self.company.tag] if parent else None,
        }
        await self.changes.make("portfolioCreate", "portfolio", given["key"], given)

    async def _product(self, product: DemoProduct) -> None:
        facts = product.facts
        given = {
            "key": product.key,
            "name": product.name,
            "description": facts["description"],
            "importance": facts["importance"],
            "portfolio_id": self.ids["portfolio", product.portfolio],
            "owner_id": self._person_id(facts["owner"]),
            "lifecycle_stage": words.LifecycleStage(product.stage_in(0)),
            "tier": words.ProductTier(facts["tier"]),
        }
        await self.changes.make("productCreate", "product", product.key, given)
        id, labels = self.ids["product", product.key], [facts["kind"], *["board"] * (facts["tier"] == "TIER_1")]
        carried = {"subject_id": id, "labels": [LabelNameInput(name=label) for label in labels]}
        await self.changes.do("labelsSet", product.key, carried)
        risk = CustomFieldValueInput(choice=self.company.facts["ai_act"][facts["kind"]])
        field = self.ids["field", "AI-ACT-CLASS"]
        value = {"custom_field_id": field, "entity_id": id, "value": risk}
        await self.changes.do("customFieldValueSet", product.key, value)

    async def _kpi(self, kpi: DemoKpi) -> None:
        facts = kpi.facts
        lower = facts.get("red", 0) > facts.get("target", 0)
        given = {
            "key": kpi.key,
            "name": kpi.name,
            "subject_id": self.ids[kpi.subject],
            "category": words.KpiCategory(facts["category"]),
            "unit": facts["unit"],
            "direction": words.KpiDirection(facts.get("direction", "LOWER" if lower else "HIGHER")),
            "value_mode": words.KpiValueMode(facts.get("mode", "LAST")),
            "critical": facts.get("critical", False),
            "target": self._target(facts),
        }
        await self.changes.make("kpiCreate", "kpi", kpi.key, given)

    def _target(self, facts: Mapping[str, Any]) -> KpiTargetInput:
        if "range" in facts:
            low, high = facts["range"]
            return KpiTargetInput(range_low=low, range_high=high)
        if "journey" in facts:
            return KpiTargetInput(
                baseline=facts["journey"],
                target=facts["target"],
                start_on=first_day_of(self.today, 0),
                target_on=first_day_of(self.today, JOURNEY_WEEKS),
            )
        return KpiTargetInput(target=facts["target"], red_at=facts["red"], green_at=facts.get("green"))

    async def _initiative(self, initiative: DemoInitiative) -> None:
        weeks = initiative.weeks
        links = [
            InitiativeProductInput(product_id=self.ids["product", key], importance=100 if place == 0 else 40)
            for place, key in enumerate(initiative.products)
        ]
        given = {
            "key": initiative.key,
            "name": initiative.name,
            "portfolio_id": self.ids["portfolio", initiative.portfolio],
            "owner_id": self.ids["person", person_key(initiative.owner)],
            "state": words.InitiativeState(initiative.state_in(0)),
            "start_on": first_day_of(self.today, weeks[0]) if weeks else None,
            "target_on": last_day_of(self.today, weeks[1]) if weeks else None,
            "products": links,
        }
        await self.changes.make("initiativeCreate", "initiative", initiative.key, given)

    async def _milestones(self, initiative: DemoInitiative) -> None:
        assert initiative.weeks is not None, "what is not planned has no milestones"
        first, last = initiative.weeks
        draw = random.Random(f"{self.seed}/{initiative.key}/milestones")
        for share, names in MILESTONES:
            week = first + round((last - first) * share)
            reached = initiative.share(0) >= share
            given = {
                "initiative_id": self.ids["initiative", initiative.key],
                "name": draw.choice(names),
                "due_on": last_day_of(self.today, week),
                "done_on": last_day_of(self.today, min(week, -1)) if reached else None,
            }
            await self.changes.make("milestoneCreate", "milestone", f"{initiative.key}/{share}", given)

    async def _dependency(self, facts: Mapping[str, str]) -> None:
        ends = [self._initiative_id(facts[end]) for end in ("blocker", "blocked")]
        given = {"blocker_id": ends[0], "blocked_id": ends[1], "note": facts.get("note")}
        name = f"{facts['blocker']}/{facts['blocked']}{self.company.tag}"
        await self.changes.do("dependencyCreate", name, given)

    def _initiative_id(self, key: str) -> ID:
        product, _, position = key.rpartition("-")
        return self.ids["initiative", f"{product}{self.company.tag}-{position}"]

    async def _team(self, facts: Mapping[str, Any]) -> None:
        key, members = facts["key"] + self.company.tag, facts["members"]
        lead = self._person_id(members[0])
        given = {"key": key, "name": facts["name"] + self.company.suffix, "lead_id": lead}
        await self.changes.make("teamCreate", "team", key, given)
        for place, name in enumerate(members):
            joined = {
                "team_id": self.ids["team", key],
                "person_id": self._person_id(name),
                "role": _JOBS[place % len(_JOBS)],
                "from_on": first_day_of(self.today, 0),
            }
            await self.changes.do("membershipStart", f"{key}/{place}", joined)
            await self._skills(name, facts["skills"])
        for product, share in facts["works_on"].items():
            part = share if isinstance(share, list) else (share, 0, None)
            await self._assign(("team", key), product, words.AssignmentRole.AI_ENGINEER, part)

    async def _absence(self, facts: Mapping[str, Any]) -> None:
        first, last = facts["weeks"]
        given = {
            "person_id": self._person_id(facts["person"]),
            "kind": AbsenceKind(facts["kind"]),
            "share_away": facts.get("share", 1),
            "from_on": first_day_of(self.today, first),
            "to_on": last_day_of(self.today, last),
        }
        await self.changes.do("absenceCreate", person_key(facts["person"]) + self.company.tag, given)

    async def _holidays(self) -> None:
        """Of this year and of the next one."""
        for name, (month, day) in self.company.facts["holidays"].items():
            for year in (self.today.year, self.today.year + 1):
                given = {"held_on": date(year, month, day), "name": name}
                await self.changes.do("companyHolidayCreate", f"{year}/{month}/{day}", given)

    async def _skills(self, person: str, skills: Iterable[str]) -> None:
        draw = random.Random(f"{self.seed}/{person}")
        for skill in skills:
            given = {
                "person_id": self._person_id(person),
                "skill_id": self.ids["skill", skill],
                "level": draw.choice((2, 3, 3, 4, 4, 5)),
            }
            await self.changes.do("personSkillSet", f"{person_key(person)}/{skill}{self.company.tag}", given)

    async def _assign(
        self, holder: tuple[str, str], product: str, role: words.AssignmentRole, part: Sequence[Any]
    ) -> None:
        """holder: of the ids. part: share of the time, first week, last week or null."""
        allocation, first, last = part
        key = product + self.company.tag
        given = {
            "subject_id": self.ids["product", key],
            "team_id": self.ids[holder] if holder[0] == "team" else None,
            "person_id": self.ids[holder] if holder[0] == "person" else None,
            "role": role,
            "allocation": allocation,
            "from_on": first_day_of(self.today, first),
            "to_on": None if last is None else last_day_of(self.today, last),
        }
        await self.changes.make("assignmentCreate", "assignment", f"{key}/{holder[1]}", given)

    async def _need(self, skill: str, products: Mapping[str, float]) -> None:
        for product, amount in products.items():
            key = product + self.company.tag
            skill_id = self.ids["skill", skill]
            given = {"subject_id": self.ids["product", key], "skill_id": skill_id, "full_time_equivalents": amount}
            await self.changes.do("skillDemandSet", f"{key}/{skill}", given)

    # What all companies share ---------------------------------------------------------------------

    async def _words(self) -> None:
        facts = self.company.facts
        for key, (name, category) in facts["skills"].items():
            await self.changes.make("skillCreate", "skill", key, {"key": key, "name": name, "category": category})
        for name, color in zip(facts["ai_act"], _COLORS, strict=True):
            await self.changes.do("labelCreate", name, {"name": name, "color": color})
        await self.changes.do("labelCreate", "board", {"name": "board", "color": "#222222"})
        classes = {
            "key": "AI-ACT-CLASS",
            "name": "Class under the AI Act",
            "description": "As the legal department sees it.",
            "entity": words.CustomFieldEntity.PRODUCT,
            "type": words.CustomFieldType.CHOICE,
            "choices": ["Minimal", "Limited", "High"],
        }
        await self.changes.make("customFieldCreate", "field", "AI-ACT-CLASS", classes)
        for position, view in enumerate(facts["views"], 1):
            given = {**view, "entity": words.SavedViewEntity(view["entity"]), "is_shared": True}
            await self.changes.do("savedViewCreate", str(position), given)


def last_day_of(today: date, week: int) -> date:
    return today - timedelta(weeks=WEEKS - 1 - week)


def first_day_of(today: date, week: int) -> date:
    return last_day_of(today, week) - timedelta(days=6)
