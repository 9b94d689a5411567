"""Halden Group as its TOML files tell it: people, portfolios, products, initiatives, KPIs and teams."""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WEEKS = 26
"""Weeks that are played, 0 to 25; the last one ends now."""

_FOLDER = Path(__file__).parent
_PORTFOLIOS = ("group", "customer", "operations")
MEASURED_STAGES = ("DEVELOPMENT", "PILOT", "LIVE", "SUNSET")

Course = Sequence[tuple[int, float]]
"""Points of health by week, straight between them and level outside."""


@dataclass(frozen=True)
class DemoKpi:
    """facts: see kpis.toml. first_week, last_week: when it is measured."""

    key: str
    name: str
    subject: tuple[str, str]
    facts: Mapping[str, Any]
    course: Course
    first_week: int = 0
    last_week: int = WEEKS - 1

    def is_measured_in(self, week: int) -> bool:
        return self.first_week <= week <= self.last_week


@dataclass(frozen=True)
class DemoInitiative:
    """products: keys; the first one is its own. weeks: first and last by plan; null: not planned.

    pace: speed against the plan; until: the week in which it was paused or canceled.
    """

    key: str
    name: str
    portfolio: str
    owner: str
    products: Sequence[str]
    state: str
    weeks: tuple[int, int] | None = None
    pace: float = 1.0
    until: int | None = None

    def share(self, week: int) -> float:
        """Share of the plan that is done at the end of a week, 0 to 1."""
        if self.weeks is None or self.state == "PLANNED":
            return 0
        first, last = self.weeks
        stopped = week if self.until is None else min(week, self.until)
        return min(1.0, max(0.0, self.pace * (stopped + 1 - first) / (last + 1 - first)))

    def state_in(self, week: int) -> str:
        if self.weeks is None:
            return self.state
        if week < self.weeks[0]:
            return "PLANNED"
        if self.until is not None:
            return self.state if week >= self.until else "ACTIVE"
        return "COMPLETED" if self.state == "COMPLETED" and self.share(week) >= 1 else "ACTIVE"


@dataclass(frozen=True)
class DemoProduct:
    """See group.toml."""

    key: str
    name: str
    portfolio: str
    facts: Mapping[str, Any]
    kpis: Sequence[DemoKpi]
    initiatives: Sequence[DemoInitiative]

    def stage_in(self, week: int) -> str:
        return [stage for first, stage in self.facts["stages"] if first <= week][-1]


@dataclass(frozen=True)
class Company:
    """tag ends every key of a second and further company in one organization, suffix every name."""

    facts: Mapping[str, Any]
    products: Sequence[DemoProduct]
    initiatives: Sequence[DemoInitiative]
    kpis: Sequence[DemoKpi]
    tag: str
    suffix: str

    @property
    def people(self) -> list[str]:
        members = [name for team in self.facts["teams"] for name in team["members"]]
        return [name + self.suffix for name in (*self.facts["leaders"], *members)]


def load_company(number: int = 1) -> Company:
    """Each number is another company with the same story."""
    tag, suffix = ("", "") if number == 1 else (f"-{number}", f" {number}")
    facts = _read("company")
    products = [
        _product(found, portfolio.upper() + tag, tag, suffix)
        for portfolio in _PORTFOLIOS
        for found in _read(portfolio)["products"]
    ]
    initiatives = [each for product in products for each in product.initiatives]
    initiatives += [_own_initiative(found, facts["portfolios"], tag, suffix) for found in facts["initiatives"]]
    kpis = [kpi for product in products for kpi in product.kpis]
    kpis += [kpi for key in ("GROUP", "OPERATIONS") for kpi in _kpis_of_portfolio(key + tag, suffix)]
    return Company(facts, products, initiatives, kpis, tag, suffix)


def person_key(name: str) -> str:
    """Ana Díaz is ana.diaz."""
    plain = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower().replace(" ", ".")


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _product(facts: Mapping[str, Any], portfolio: str, tag: str, suffix: str) -> DemoProduct:
    key, name = facts["key"] + tag, facts["name"] + suffix
    kpis = [
        _kpi(key, name, facts, (short, template))
        for short, template in _read("kpis")[facts["kind"]].items()
        if facts["course"] and short not in facts.get("without", ())
    ]
    initiatives = [
        DemoInitiative(
            **{member: value for member, value in found.items() if member not in ("name", "also")},
            key=f"{key}-I{position}",
            name=found["name"] + suffix,
            portfolio=portfolio,
            owner=facts["owner"] + suffix,
            products=[key, *(other + tag for other in found.get("also", ()))],
        )
        for position, found in enumerate(facts["initiatives"], 1)
    ]
    return DemoProduct(key, name, portfolio, facts, kpis, initiatives)


def _kpi(
    product_key: str, product_name: str, facts: Mapping[str, Any], template: tuple[str, Mapping[str, Any]]
) -> DemoKpi:
    short, found = template
    measured = [first for first, stage in facts["stages"] if stage in MEASURED_STAGES]
    retired = [first for first, stage in facts["stages"] if stage == "RETIRED"]
    return DemoKpi(
        f"{product_key}-{short.upper()}",
        f"{found['name']}, {product_name}",
        ("product", product_key),
        found,
        facts.get("courses", {}).get(short, facts["course"]),
        WEEKS if short in facts.get("unmeasured", ()) else measured[0],
        retired[0] - 1 if retired else WEEKS - 1,
    )


def _kpis_of_portfolio(key: str, suffix: str) -> list[DemoKpi]:
    return [
        DemoKpi(f"{key}-{short.upper()}", f"{found['name']}{suffix}", ("portfolio", key), found, [(0, 80), (25, 93)])
        for short, found in _read("kpis")["whole"].items()
    ]


def _own_initiative(facts: Mapping[str, Any], portfolios: Sequence[Any], tag: str, suffix: str) -> DemoInitiative:
    owner = next(each["owner"] for each in portfolios if each["key"] == facts["portfolio"])
    names = {"key": facts["key"] + tag, "name": facts["name"] + suffix, "portfolio": facts["portfolio"] + tag}
    return DemoInitiative(**{**facts, **names}, owner=owner + suffix, products=[])
