"""The tree a score is folded over: leaves with their facts, groups with their folded values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import lcm
from typing import NamedTuple, TypeAlias

from portfolio.health.aggregation.digest import ChildResult, Digest, leaf_digest, merged
from portfolio.health.aggregation.fold import contributions, effective_weights, fold
from portfolio.health.arithmetic import FULL_MP, Ratio, apportion, round_mp
from portfolio.health.policy.document import FoldRule, Policy
from portfolio.health.policy.freshness import FRESH, GONE, faded


class Leaf(NamedTuple):
    """One scored or missing fact; scores are millipoints, None means unknown.

    `raw_mp` is the score of the fact itself, `effective_mp` what is left of it by its age.
    `assumed`: nothing is known, so the policy's prior stands in (a required KPI after its grace).
    """

    path: str
    key: str
    weight: int
    raw_mp: int | None
    effective_mp: int | None
    fresh_mp: int
    low_mp: int
    high_mp: int
    coverage_mp: int
    confidence_mp: int
    fresh: Ratio = GONE
    reason_code: str | None = None
    observed_on: date | None = None
    assumed: bool = False
    is_node: bool = False
    digest: Digest | None = None
    """Of a sub-portfolio whose leaves are folded with those of its parent."""

    @property
    def score_mp(self) -> int | None:
        return self.effective_mp

    def at(self, score_mp: int) -> "Leaf":
        """The leaf with this score, of a sub-portfolio all leaves."""
        return self._replace(effective_mp=score_mp, digest=self.digest and self.digest.at(score_mp))


@dataclass(frozen=True, slots=True)
class Group:
    """A folded group; None as score means that no child of it has one.

    With a `unit`, the leaves of sub-portfolios are folded with the other children, their weights times the
    sub-portfolio's own over the unit.
    """

    path: str
    key: str
    weight: int
    rule: FoldRule
    children: "tuple[Part, ...]"
    score_mp: int | None
    low_mp: int
    high_mp: int
    coverage_mp: int
    confidence_mp: int
    unit: int | None = None
    digest: Digest | None = None
    """Of a group with a unit: all its leaves."""


Part: TypeAlias = Leaf | Group


class Place(NamedTuple):
    """Where a part hangs: its parent's path, its own key and its weight."""

    parent: str
    key: str
    weight: int

    @property
    def path(self) -> str:
        return f"{self.parent}/{self.key}" if self.parent else self.key


class Fact(NamedTuple):
    """A measured fact: its own score, how fresh it is, the day it was observed, and the share of it that is known."""

    raw_mp: int
    fresh: Ratio
    observed_on: date | None = None
    known: Ratio = FRESH


class Reasons(NamedTuple):
    """The codes for points lost to the value itself and to its age; None: age has no code."""

    value: str
    age: str | None = None


def measured_leaf(place: Place, fact: Fact, reasons: Reasons, policy: Policy) -> Leaf:
    raw, fresh, observed_on, known = fact
    effective, low, high, confidence = faded(raw, fresh, policy, known)
    coverage = round_mp(FULL_MP * known[0], known[1])
    fresh_mp = confidence if coverage == FULL_MP else round_mp(FULL_MP * fresh[0], fresh[1])
    reason = _reason(raw, effective, reasons)
    values = (raw, effective, fresh_mp, low, high, coverage, confidence, fresh, reason, observed_on)
    return Leaf(place.path, place.key, place.weight, *values)


def _reason(raw_mp: int, effective_mp: int, reasons: Reasons) -> str | None:
    """Whichever of value and age costs more."""
    if effective_mp == FULL_MP:
        return None
    is_age = raw_mp - effective_mp > FULL_MP - raw_mp
    if raw_mp < FULL_MP and not (is_age and reasons.age):
        return reasons.value
    return reasons.age


def missing_leaf(
    place: Place,
    reason_code: str | None = None,
    assumed_mp: int | None = None,
    observed_on: date | None = None,
) -> Leaf:
    """No data: it lowers coverage and widens the range; `assumed_mp` is its score if required."""
    return Leaf(
        place.path,
        place.key,
        place.weight,
        raw_mp=None,
        effective_mp=assumed_mp,
        fresh_mp=0,
        low_mp=0,
        high_mp=FULL_MP,
        coverage_mp=0,
        confidence_mp=0,
        reason_code=reason_code,
        observed_on=observed_on,
        assumed=assumed_mp is not None,
    )


def node_leaf(place: Place, result: ChildResult, digest: Digest | None = None) -> Leaf:
    """A child node rolled up as one leaf, with its published score."""
    score, low, high, coverage, confidence = result
    fresh_mp = round_mp(FULL_MP * confidence, coverage) if coverage else 0
    values = (score, score, fresh_mp, low, high, coverage, confidence)
    return Leaf(place.path, place.key, place.weight, *values, FRESH, "CHILD", is_node=True, digest=digest)


def group(place: Place, rule: FoldRule, parts: Sequence[Part]) -> Group:
    """Folds the parts; those of weight 0 count nowhere."""
    children = tuple(part for part in parts if part.weight)
    if not children:
        return Group(place.path, place.key, place.weight, rule, (), None, 0, FULL_MP, 0, 0)
    scored = scored_pairs(children)
    score = fold(scored, rule) if scored else None
    lows: list[tuple[int, int]] = []
    highs: list[tuple[int, int]] = []
    total = covered = confident = 0
    for part in children:
        weight = part.weight
        total += weight
        lows.append((part.low_mp, weight))
        highs.append((part.high_mp, weight))
        covered += weight * part.coverage_mp
        confident += weight * part.confidence_mp
    # Most groups are fresh and complete: then all three lists are one, and one fold will do.
    low = score if score is not None and lows == scored else fold(lows, rule)
    high = score if score is not None and highs == scored else fold(highs, rule)
    coverage, confidence = round_mp(covered, total), round_mp(confident, total)
    return Group(place.path, place.key, place.weight, rule, children, score, low, high, coverage, confidence)


def scored_pairs(parts: Sequence[Part]) -> list[tuple[int, int]]:
    return [(score, part.weight) for part in parts if (score := part.score_mp) is not None]


def leaves(part: Part) -> Iterator[Leaf]:
    if isinstance(part, Leaf):
        yield part
    else:
        for child in part.children:
            yield from leaves(child)


def refold(part: Part, replaced: Mapping[str, Leaf]) -> int | None:
    """The score with other leaves at some paths; untouched groups keep theirs, all keep their weights."""
    if isinstance(part, Leaf):
        return replaced.get(part.path, part).effective_mp
    prefix = f"{part.path}/" if part.path else ""
    if not any(path.startswith(prefix) for path in replaced):
        return part.score_mp
    if part.unit:
        scored = merged(_digests(part.children, part.unit, replaced)).scores
    else:
        scored = [(score, child.weight) for child in part.children if (score := refold(child, replaced)) is not None]
    return fold(scored, part.rule) if scored else None


def group_contributions(parent: Group) -> list[tuple[Part, int]]:
    """The scored children with what each costs; sums exactly to 100000 - score."""
    if parent.score_mp is None:
        return []
    if parent.unit:
        return _leaf_contributions(parent, parent.unit, parent.score_mp)
    parts = [part for part in parent.children if part.score_mp is not None]
    keys = [part.key for part in parts]
    costs = contributions(scored_pairs(parts), parent.rule, keys, parent.score_mp)
    return list(zip(parts, costs, strict=True))


def leaf_group(place: Place, rule: FoldRule, parts: Sequence[Part], unit: int) -> Group:
    """One fold over all leaves: the parts, and those below sub-portfolios."""
    children = tuple(part for part in parts if part.weight)
    digest = merged(_digests(children, unit, {}))
    return Group(place.path, place.key, place.weight, rule, children, *digest.result(rule), unit, digest)


def _digests(parts: Sequence[Part], unit: int, replaced: Mapping[str, Leaf]) -> list[Digest]:
    return [_digest(replaced.get(part.path, part), part.weight, unit) for part in parts]


def _digest(part: Part, weight: int, unit: int) -> Digest:
    if isinstance(part, Leaf) and part.digest is not None:
        return part.digest.times((weight, unit))
    result = ChildResult(part.score_mp, part.low_mp, part.high_mp, part.coverage_mp, part.confidence_mp)
    return leaf_digest(result, weight)


def _leaf_contributions(parent: Group, unit: int, score_mp: int) -> list[tuple[Part, int]]:
    """What a child costs is the sum over its leaves, rounded once."""
    digests = _digests(parent.children, unit, {})
    per = lcm(*(digest.per for digest in digests))
    owned = [
        (index, score, weight * (per // digest.per))
        for index, digest in enumerate(digests)
        for score, weight in digest.scores
    ]
    weights, denominator = effective_weights([(score, weight) for _, score, weight in owned], parent.rule)
    losses: dict[int, int] = {}
    for (index, score, _), weight in zip(owned, weights, strict=True):
        losses[index] = losses.get(index, 0) + weight * (FULL_MP - score)
    parts = [parent.children[index] for index in losses]
    costs = apportion(list(losses.values()), denominator, [part.key for part in parts], FULL_MP - score_mp)
    return list(zip(parts, costs, strict=True))
