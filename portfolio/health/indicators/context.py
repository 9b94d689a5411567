"""What the scorers of one node read, and what they find beside their scores."""

from collections.abc import Callable
from dataclasses import dataclass, field

from portfolio.health.aggregation.digest import ChildResult, Digest
from portfolio.health.fields import Fields
from portfolio.health.policy.document import Policy

ChildEvaluation = Callable[[Fields, int, Policy], tuple[ChildResult, Digest | None, int | None]]
"""Evaluates a child that carries no result: its five values, a portfolio's leaves, and its next day of change."""


@dataclass(slots=True)
class NodeContext:
    """Days are proleptic Gregorian ordinals; `spi_t` is a ratio in lowest terms.

    `waived` are paths with the last day of their waiver.
    """

    node: Fields
    kind: str
    as_of: int
    policy: Policy
    evaluate_child: ChildEvaluation
    excluded_children: dict[str, int] = field(default_factory=dict[str, int])
    spi_t: str | None = None
    finish_probability_mp: int | None = None
    waived: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    change_days: list[int] = field(default_factory=list[int])

    def changes_on(self, day: int | None) -> None:
        """Notes a day on which the result can change without a write; past days do not count."""
        if day is not None and day > self.as_of:
            self.change_days.append(day)
