"""What there is on the first day: people, portfolios, products, KPIs, initiatives, teams and their promises."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from strawberry import ID

from cli.demo.changes import Changes, together
from cli.demo.company import WEEKS, Company, Initiative, Kpi, Product, person_key
from cli.demo.numbers import JOURNEY_WEEKS
from portfolio import enumerations as words
from resolvers.measurement.kpi import KpiCreateInput, kpi_create
from resolvers.measurement.kpi_target import KpiTargetInput
from resolvers.organization.custom_field import CustomFieldCreateInput, custom_field_create
from resolvers.organization.custom_field_value import (
    CustomFieldValueInput,
    CustomFieldValueSetInput,
    custom_field_value_set,
)
from resolvers.people.assignment import AssignmentCreateInput, assignment_create
from resolvers.people.membership import MembershipStartInput, membership_start
from resolvers.people.person import PersonCreateInput, person_create
from resolvers.people.person_skill import PersonSkillSetInput, person_skill_set
from resolvers.people.skill import SkillCreateInput, skill_create
from resolvers.people.skill_demand import SkillDemandSetInput, skill_demand_set
from resolvers.people.team import TeamCreateInput, team_create
from resolvers.portfolio.dependency import DependencyCreateInput, dependency_create
from resolvers.portfolio.initiative import InitiativeCreateInput, initiative_create
from resolvers.portfolio.initiative_product import InitiativeProductInput
from resolvers.portfolio.label import LabelCreateInput, LabelNameInput, LabelsSetInput, label_create, labels_set
from resolvers.portfolio.milestone import MilestoneCreateInput, milestone_create
from resolvers.portfolio.portfolio import PortfolioCreateInput, portfolio_create
from resolvers.portfolio.product import ProductCreateInput, product_create
from resolvers.portfolio.saved_view import SavedViewCreateInput, saved_view_create

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

    def _person_id(self, name: str) -> ID:
        return self.ids["person", person_key(name + self.company.suffix)]

    async def _person(self, name: str) -> None:
        key = person_key(name)
        given = PersonCreateInput(key=key, name=name, email=f"{key}@halden.example")
        await self.changes.make(person_create, "person", key, given)

    async def _portfolio(self, facts: Mapping[str, Any]) -> None:
        parent = facts.get("parent")
        given = PortfolioCreateInput(
            key=facts["key"] + self.company.tag,
            name=facts["name"] + self.company.suffix,
            description=facts["description"],
            importance=facts.get("importance", 100),
            owner_id=self._person_id(facts["owner"]),
            parent_id=self.ids["portfolio", parent + self.company.tag] if parent else None,
        )
        await self.changes.make(portfolio_create, "portfolio", given.key, given)

    async def _product(self, product: Product) -> None:
        facts = product.facts
        given = ProductCreateInput(
            key=product.key,
            name=product.name,
            description=facts["description"],
            importance=facts["importance"],
            portfolio_id=self.ids["portfolio", product.portfolio],
            owner_id=self._person_id(facts["owner"]),
            lifecycle_stage=words.LifecycleStage(product.stage_in(0)),
            tier=words.ProductTier(facts["tier"]),
        )
        await self.changes.make(product_create, "product", product.key, given)
        id, labels = self.ids["product", product.key], [facts["kind"], *["board"] * (facts["tier"] == "TIER_1")]
        carried = LabelsSetInput(subject_id=id, labels=[LabelNameInput(name=label) for label in labels])
        await self.changes.do(labels_set, product.key, carried)
        risk = CustomFieldValueInput(choice=self.company.facts["ai_act"][facts["kind"]])
        field = self.ids["field", "AI-ACT-CLASS"]
        value = CustomFieldValueSetInput(custom_field_id=field, entity_id=id, value=risk)
        await self.changes.do(custom_field_value_set, product.key, value)

    async def _kpi(self, kpi: Kpi) -> None:
        facts = kpi.facts
        lower = facts.get("red", 0) > facts.get("target", 0)
        given = KpiCreateInput(
            key=kpi.key,
            name=kpi.name,
            subject_id=self.ids[kpi.subject],
            category=words.KpiCategory(facts["category"]),
            unit=facts["unit"],
            direction=words.KpiDirection(facts.get("direction", "LOWER" if lower else "HIGHER")),
            value_mode=words.KpiValueMode(facts.get("mode", "LAST")),
            critical=facts.get("critical", False),
            target=self._target(facts),
        )
        await self.changes.make(kpi_create, "kpi", kpi.key, given)

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

    async def _initiative(self, initiative: Initiative) -> None:
        weeks = initiative.weeks
        links = [
            InitiativeProductInput(product_id=self.ids["product", key], importance=100 if place == 0 else 40)
            for place, key in enumerate(initiative.products)
        ]
        given = InitiativeCreateInput(
            key=initiative.key,
            name=initiative.name,
            portfolio_id=self.ids["portfolio", initiative.portfolio],
            owner_id=self.ids["person", person_key(initiative.owner)],
            state=words.InitiativeState(initiative.state_in(0)),
            start_on=first_day_of(self.today, weeks[0]) if weeks else None,
            target_on=last_day_of(self.today, weeks[1]) if weeks else None,
            products=links,
        )
        await self.changes.make(initiative_create, "initiative", initiative.key, given)

    async def _milestones(self, initiative: Initiative) -> None:
        assert initiative.weeks is not None, "what is not planned has no milestones"
        first, last = initiative.weeks
        draw = random.Random(f"{self.seed}/{initiative.key}/milestones")
        for share, names in MILESTONES:
            week = first + round((last - first) * share)
            reached = initiative.share(0) >= share
            given = MilestoneCreateInput(
                initiative_id=self.ids["initiative", initiative.key],
                name=draw.choice(names),
                due_on=last_day_of(self.today, week),
                done_on=last_day_of(self.today, min(week, -1)) if reached else None,
            )
            await self.changes.make(milestone_create, "milestone", f"{initiative.key}/{share}", given)

    async def _dependency(self, facts: Mapping[str, str]) -> None:
        ends = [self._initiative_id(facts[end]) for end in ("blocker", "blocked")]
        given = DependencyCreateInput(blocker_id=ends[0], blocked_id=ends[1], note=facts.get("note"))
        name = f"{facts['blocker']}/{facts['blocked']}{self.company.tag}"
        await self.changes.do(dependency_create, name, given)

    def _initiative_id(self, key: str) -> ID:
        product, _, position = key.rpartition("-")
        return self.ids["initiative", f"{product}{self.company.tag}-{position}"]

    async def _team(self, facts: Mapping[str, Any]) -> None:
        key, members = facts["key"] + self.company.tag, facts["members"]
        lead = self._person_id(members[0])
        given = TeamCreateInput(key=key, name=facts["name"] + self.company.suffix, lead_id=lead)
        await self.changes.make(team_create, "team", key, given)
        for place, name in enumerate(members):
            joined = MembershipStartInput(
                team_id=self.ids["team", key],
                person_id=self._person_id(name),
                role=_JOBS[place % len(_JOBS)],
                from_on=first_day_of(self.today, 0),
            )
            await self.changes.do(membership_start, f"{key}/{place}", joined)
            await self._skills(name, facts["skills"])
        for product, share in facts["works_on"].items():
            part = share if isinstance(share, list) else (share, 0, None)
            await self._assign(("team", key), product, words.AssignmentRole.AI_ENGINEER, part)

    async def _skills(self, person: str, skills: Iterable[str]) -> None:
        draw = random.Random(f"{self.seed}/{person}")
        for skill in skills:
            given = PersonSkillSetInput(
                person_id=self._person_id(person),
                skill_id=self.ids["skill", skill],
                level=draw.choice((2, 3, 3, 4, 4, 5)),
            )
            await self.changes.do(person_skill_set, f"{person_key(person)}/{skill}{self.company.tag}", given)

    async def _assign(
        self, holder: tuple[str, str], product: str, role: words.AssignmentRole, part: Sequence[Any]
    ) -> None:
        """holder: of the ids. part: share of the time, first week, last week or null."""
        allocation, first, last = part
        key = product + self.company.tag
        given = AssignmentCreateInput(
            subject_id=self.ids["product", key],
            team_id=self.ids[holder] if holder[0] == "team" else None,
            person_id=self.ids[holder] if holder[0] == "person" else None,
            role=role,
            allocation=allocation,
            from_on=first_day_of(self.today, first),
            to_on=None if last is None else last_day_of(self.today, last),
        )
        await self.changes.make(assignment_create, "assignment", f"{key}/{holder[1]}", given)

    async def _need(self, skill: str, products: Mapping[str, float]) -> None:
        for product, amount in products.items():
            key = product + self.company.tag
            skill_id = self.ids["skill", skill]
            given = SkillDemandSetInput(
                subject_id=self.ids["product", key], skill_id=skill_id, full_time_equivalents=amount
            )
            await self.changes.do(skill_demand_set, f"{key}/{skill}", given)

    # What all companies share ---------------------------------------------------------------------

    async def _words(self) -> None:
        facts = self.company.facts
        for key, (name, category) in facts["skills"].items():
            await self.changes.make(skill_create, "skill", key, SkillCreateInput(key=key, name=name, category=category))
        for name, color in zip(facts["ai_act"], _COLORS, strict=True):
            await self.changes.do(label_create, name, LabelCreateInput(name=name, color=color))
        await self.changes.do(label_create, "board", LabelCreateInput(name="board", color="#222222"))
        classes = CustomFieldCreateInput(
            key="AI-ACT-CLASS",
            name="Class under the AI Act",
            description="As the legal department sees it.",
            entity=words.CustomFieldEntity.PRODUCT,
            type=words.CustomFieldType.CHOICE,
            choices=["Minimal", "Limited", "High"],
        )
        await self.changes.make(custom_field_create, "field", "AI-ACT-CLASS", classes)
        for position, view in enumerate(facts["views"], 1):
            given = SavedViewCreateInput(**{**view, "entity": words.SavedViewEntity(view["entity"])}, is_shared=True)
            await self.changes.do(saved_view_create, str(position), given)


def last_day_of(today: date, week: int) -> date:
    return today - timedelta(weeks=WEEKS - 1 - week)


def first_day_of(today: date, week: int) -> date:
    return last_day_of(today, week) - timedelta(days=6)
