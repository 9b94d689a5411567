"""A scoring policy: the versioned document of weights, anchors and thresholds, read once."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from portfolio.health.arithmetic import Ratio, parse_ratio
from portfolio.health.errors import InputError
from portfolio.health.policy.rules import Anchors, CriticalCap, FixedCaps, FoldRule, SmallNumbers, Staleness

_SHIPPED = Path(__file__).parents[1] / "policies"


@dataclass(frozen=True)
class Policy:
    """The document is the truth; the properties are its parts in the form the arithmetic wants."""

    version: str
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Policy":
        """Raises InputError naming the part that is missing or malformed."""
        version = document.get("policy_version")
        if not isinstance(version, str):
            raise InputError("policy.policy_version", "must be a string")
        policy = cls(version, document)
        for part in _PARTS:
            try:
                getattr(policy, part)
            except (KeyError, TypeError, AttributeError) as error:
                raise InputError("policy", f"{part} cannot be read ({error!r})") from error
        return policy

    def patched(self, patch: Mapping[str, Any]) -> "Policy":
        """A draft with other values at dotted paths; `*` stands for every key at its depth."""
        document = copy.deepcopy(dict(self.document))
        for path, value in patch.items():
            _replace(document, path.split("."), value, path)
        return Policy.from_document(document)

    @cached_property
    def bands(self) -> tuple[tuple[str, int], ...]:
        """Band names with their lower edges, best first."""
        edges = self.document["bands"]
        return tuple((name, edges[name]) for name in ("HEALTHY", "WATCH", "AT_RISK"))

    def edge_mp(self, band: str) -> int:
        return self.document["bands"][band]

    @cached_property
    def rise_mp(self) -> int:
        return self.document["hysteresis"]["up_mp"]

    @cached_property
    def fall_mp(self) -> int:
        return self.document["hysteresis"]["down_mp"]

    @cached_property
    def minimum_coverage_mp(self) -> int:
        return self.document["min_coverage_mp"]

    @cached_property
    def prior_mp(self) -> int:
        return self.document["prior_mp"]

    @cached_property
    def staleness(self) -> Staleness:
        full, dead = (_ratio(self.document["staleness"], key) for key in ("full_until", "dead_at"))
        return Staleness(full[0] * dead[1], dead[0] * full[1], full[1] * dead[1])

    @cached_property
    def fold_rules(self) -> Mapping[str, FoldRule]:
        return {
            name: FoldRule(_ratio(rule, "lambda"), _ratio(rule, "q"))
            for name, rule in self.document["aggregate"].items()
        }

    @cached_property
    def dimension_weights(self) -> Mapping[str, Mapping[str, int]]:
        return self.document["dimension_weights"]

    @cached_property
    def expected_dimensions(self) -> Mapping[str, frozenset[str]]:
        expected = self.document["expected_dimensions"]
        return {kind: frozenset(names) for kind, names in expected.items()}

    @cached_property
    def component_weights(self) -> Mapping[str, Mapping[str, int]]:
        return self.document["component_weights"]

    @cached_property
    def dimension_of_category(self) -> Mapping[str, str]:
        return self.document["kpi_category_dimension"]

    @cached_property
    def kpi_weight_factors(self) -> Mapping[str, int]:
        return self.document["kpi_direct_weight"]

    @cached_property
    def cadence_days(self) -> Mapping[str, int]:
        return self.document["cadence_days"]

    @cached_property
    def trajectory_minimum(self) -> Ratio:
        return _ratio(self.document, "trajectory_min_expected")

    @cached_property
    def maintain_tolerance(self) -> Ratio:
        return _ratio(self.document, "maintain_tolerance")

    @cached_property
    def schedule_damping(self) -> Ratio:
        return _ratio(self.document, "schedule_damping")

    @cached_property
    def late_milestone_credit(self) -> Ratio:
        return _ratio(self.document, "milestone_late_credit")

    @cached_property
    def full_score_probability(self) -> Ratio:
        return _ratio(self.document["forecast"], "full_score_probability")

    @cached_property
    def forecast_weeks(self) -> tuple[int, int]:
        """The fewest weeks of history a forecast needs, and the most it reads."""
        forecast = self.document["forecast"]
        return forecast["min_weeks"], forecast["max_weeks"]

    @cached_property
    def critical_cap(self) -> CriticalCap:
        cap = self.document["caps"]["critical_kpi"]
        return CriticalCap(cap["at_mp"], cap["cap_mp"], cap["free_mp"])

    @cached_property
    def overdue_caps(self) -> tuple[int, int, int]:
        """The cap of an overdue initiative; the days after which a lower one holds; that one."""
        cap = self.document["caps"]["overdue"]
        return cap["cap_mp"], cap["long_after_days"], cap["long_cap_mp"]

    @cached_property
    def usual_importance(self) -> Mapping[str, int] | None:
        """By kind of child, where leaves are folded; a sub-portfolio's leaves keep their weights at its own.
        None: children are folded level by level."""
        return self.document.get("usual_importance")

    @cached_property
    def small_numbers(self) -> SmallNumbers | None:
        """None under policies that take few items for a line."""
        rule = self.document.get("small_numbers")
        return rule and SmallNumbers(_ratio(rule, "grace_items"), rule["full_items"])

    @cached_property
    def fixed_caps(self) -> FixedCaps:
        caps = self.document["caps"]
        names = ("open_sev1", "unmitigated_critical_risk", "high_risk_review_overdue", "prohibited")
        return FixedCaps(*(caps[name] for name in names))

    @cached_property
    def drift_anchors(self) -> Mapping[str, Anchors]:
        """By method of the drift statistic."""
        return {
            name: Anchors(
                _ratio(anchor, "red_at"),
                None if anchor["green_at"] is None else _ratio(anchor, "green_at"),
                _ratio(anchor, "target"),
            )
            for name, anchor in self.document["drift_anchors"].items()
        }

    @cached_property
    def model_max_age_days(self) -> int:
        return self.document["model_max_age_days"]

    @cached_property
    def retirement_notice_days(self) -> int | None:
        """Before the withdrawal of a hosted model; None under policies without the rule."""
        return self.document.get("model_retirement_notice_days")

    @cached_property
    def incident_points_mp(self) -> Mapping[str, int]:
        return self.document["incident_points_mp"]

    @cached_property
    def incident_window_days(self) -> int:
        return self.document["incident_window_days"]

    @cached_property
    def risk_points_mp(self) -> Sequence[tuple[int, int]]:
        """Points by the severity they begin at, highest first."""
        return [(edge, points) for edge, points in self.document["risk_points_mp"]]

    @cached_property
    def unclassified_mp(self) -> int:
        return self.document["unclassified_mp"]

    @cached_property
    def status_mp(self) -> Mapping[str, int]:
        return self.document["status_mp"]

    @cached_property
    def feedback_prior(self) -> tuple[int, Ratio]:
        """How many ratings of which mean are added to those given."""
        prior = self.document["feedback_prior"]
        return prior["n"], _ratio(prior, "mean")

    @cached_property
    def over_allocation_zero_at_percent(self) -> int:
        return self.document["over_allocation_zero_at"]

    @cached_property
    def single_person_mp(self) -> int:
        return self.document["single_person_mp"]

    @cached_property
    def status_flags(self) -> Mapping[str, int]:
        return self.document["flags"]


_PARTS = tuple(name for name, value in vars(Policy).items() if isinstance(value, cached_property))


@lru_cache
def load_policy(version: str) -> Policy:
    """A policy shipped with the engine; raises LookupError for an unknown version."""
    path = _SHIPPED / f"{version}.json"
    if path.parent != _SHIPPED or not path.is_file():
        known = ", ".join(sorted(file.stem for file in _SHIPPED.glob("*.json")))
        raise LookupError(f"unknown policy version {version!r}; shipped: {known}")
    return Policy.from_document(json.loads(path.read_text(encoding="utf-8")))


def _ratio(document: Mapping[str, Any], key: str) -> Ratio:
    ratio = parse_ratio(document[key])
    if ratio is None:
        raise InputError(f"policy.{key}", "must be an exact number")
    return ratio


def _replace(document: dict[str, Any], keys: list[str], value: Any, path: str) -> None:
    head, rest = keys[0], keys[1:]
    names = list(document) if head == "*" else [head]
    for name in names:
        if name not in document:
            raise InputError(path, "is not part of the policy")
        if not rest:
            document[name] = copy.deepcopy(value)
        elif isinstance(document[name], dict):
            _replace(document[name], rest, value, path)
        else:
            raise InputError(path, "is not part of the policy")
