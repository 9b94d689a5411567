"""The parts of a policy that have several numbers, in the form the arithmetic wants."""

from typing import NamedTuple

from portfolio.health.arithmetic import Ratio


class FoldRule(NamedTuple):
    """Share of the weakest part in a group's score (tail), and how large that part is (reach)."""

    tail: Ratio
    reach: Ratio


class Staleness(NamedTuple):
    """Full strength up to `full`/`scale` cadences of age, none from `dead`/`scale` on."""

    full: int
    dead: int
    scale: int


class CriticalCap(NamedTuple):
    """Caps a node at `cap_mp` while the KPI is at or below `at_mp`, rising to none at `free_mp`."""

    at_mp: int
    cap_mp: int
    free_mp: int


class Anchors(NamedTuple):
    """Where a drift statistic is red, green (None: no mark of its own) and at its target."""

    red: Ratio
    green: Ratio | None
    target: Ratio


class FixedCaps(NamedTuple):
    """What a node's score is limited to by a fact of its models, risks or classification."""

    open_sev1_mp: int
    unmitigated_risk_mp: int
    overdue_review_mp: int
    prohibited_mp: int


class SmallNumbers(NamedTuple):
    """Items granted to an open initiative, and from how many items its progress is fully known."""

    grace_items: Ratio
    full_items: int
