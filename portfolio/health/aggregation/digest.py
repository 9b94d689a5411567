"""What a portfolio hands to the one above it: the leaves below it, as weights by score.

Of `default-2` on, a portfolio's CHILDREN is one fold over all leaves of its subtree. A leaf is a product, an
initiative without a product, or the own data (KPIs, risks) of a portfolio below. The fold needs of them no more than
the weight that stands at each score, and such sums merge: the digest of a portfolio is the sum of its children's,
those of a sub-portfolio times its importance / 100. So a change is merged along its own path upward, the siblings'
digests are read as they are stored, and the mean of the weakest part is read off the merged, sorted rows. All is in
integers, hence merging in any order and any grouping gives the same digest, to the last digit.

In an input document the children of a portfolio are, by id:

    {"id", "kind": "product" | "initiative", "status", "start_on", "importance", "result": {score_mp, …}}
    {"id", "kind": "portfolio", "status", "importance", "digest": {
        "per": 1,                            weights are n/per, in lowest terms
        "scores": [[score_mp, weight], …],   the published scores, ascending, each score once
        "lows": …, "highs": …,               the same of the range; leaves without a score are here too
        "covered", "confident"}}             sums of weight times coverage_mp, and times confidence_mp

`evaluate` gives a portfolio's digest as `Evaluation.digest`; it is stored beside its score and is all that a parent
reads. Importances that are not set have no key; the policy has their defaults (product 100, initiative 10,
portfolio 100: as it is).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import gcd, lcm
from typing import Any, NamedTuple, cast

from portfolio.health.aggregation.fold import fold
from portfolio.health.arithmetic import FULL_MP, Ratio, round_mp
from portfolio.health.fields import Fields
from portfolio.health.policy.document import FoldRule

Rows = tuple[tuple[int, int], ...]
"""(millipoints, weight above 0), ascending, each score once."""

_GREATEST = 10**60
_ROWS = ("scores", "lows", "highs")


class ChildResult(NamedTuple):
    """What a node hands to its parent."""

    score_mp: int | None
    low_mp: int
    high_mp: int
    coverage_mp: int
    confidence_mp: int


class Digest(NamedTuple):
    """`scores` are of the leaves that have one, `lows` and `highs` of all."""

    per: int = 1
    scores: Rows = ()
    lows: Rows = ()
    highs: Rows = ()
    covered: int = 0
    confident: int = 0

    @property
    def weight(self) -> int:
        """Of all leaves, as numerator over `per`."""
        return sum(weight for _, weight in self.lows)

    def result(self, rule: FoldRule) -> ChildResult:
        """One fold over all leaves; without any, nothing is known."""
        total = self.weight
        if not total:
            return ChildResult(None, 0, FULL_MP, 0, 0)
        score = fold(self.scores, rule) if self.scores else None
        coverage, confidence = round_mp(self.covered, total), round_mp(self.confident, total)
        return ChildResult(score, fold(self.lows, rule), fold(self.highs, rule), coverage, confidence)

    def at(self, score_mp: int) -> "Digest":
        """The same leaves, each with this score, low and high."""
        rows = ((score_mp, self.weight),) if self.lows else ()
        return self._replace(scores=rows, lows=rows, highs=rows)

    def times(self, factor: Ratio) -> "Digest":
        numerator, denominator = factor
        rows = (_times(self.scores, numerator), _times(self.lows, numerator), _times(self.highs, numerator))
        return Digest(self.per * denominator, *rows, self.covered * numerator, self.confident * numerator)

    def document(self) -> dict[str, Any]:
        values = self.lowest_terms()._asdict()
        return {**values, **{name: [list(row) for row in values[name]] for name in _ROWS}}

    def lowest_terms(self) -> "Digest":
        weights = [weight for rows in (self.scores, self.lows, self.highs) for _, weight in rows]
        divisor = gcd(self.per, self.covered, self.confident, *weights)
        rows = (_over(self.scores, divisor), _over(self.lows, divisor), _over(self.highs, divisor))
        return Digest(self.per // divisor, *rows, self.covered // divisor, self.confident // divisor)


def _times(rows: Rows, factor: int) -> Rows:
    return tuple((mp, weight * factor) for mp, weight in rows)


def _over(rows: Rows, divisor: int) -> Rows:
    return tuple((mp, weight // divisor) for mp, weight in rows)


def leaf_digest(result: ChildResult, weight: int) -> Digest:
    score, low, high, coverage, confidence = result
    scores = () if score is None else ((score, weight),)
    return Digest(1, scores, ((low, weight),), ((high, weight),), weight * coverage, weight * confidence)


def merged(digests: Iterable[Digest]) -> Digest:
    parts = list(digests)
    per = lcm(*(part.per for part in parts))
    scores, lows, highs, covered, confident = dict[int, int](), dict[int, int](), dict[int, int](), 0, 0
    for part in parts:
        factor = per // part.per
        for total, rows in ((scores, part.scores), (lows, part.lows), (highs, part.highs)):
            for mp, weight in rows:
                total[mp] = total.get(mp, 0) + weight * factor
        covered += part.covered * factor
        confident += part.confident * factor
    rows = (_sorted_rows(scores), _sorted_rows(lows), _sorted_rows(highs))
    return Digest(per, *rows, covered, confident).lowest_terms()


def _sorted_rows(total: dict[int, int]) -> Rows:
    return tuple(sorted(total.items()))


def read_digest(fields: Fields) -> Digest:
    """Raises InputError for rows out of order and sums that no leaves can have."""
    per, covered, confident = (
        fields.required_integer(name, low, _GREATEST) for name, low in (("per", 1), ("covered", 0), ("confident", 0))
    )
    digest = Digest(per, _rows(fields, "scores"), _rows(fields, "lows"), _rows(fields, "highs"), covered, confident)
    scored, low, high = (sum(weight for _, weight in rows) for rows in (digest.scores, digest.lows, digest.highs))
    if low != high or scored > low:
        raise fields.refuse("highs", "must weigh as much as lows, and no less than scores")
    if not confident <= covered <= FULL_MP * low:
        raise fields.refuse("covered", "must lie between confident and 100000 times the weight")
    return digest


def _rows(fields: Fields, name: str) -> Rows:
    rows = tuple(_row(fields, name, row) for row in fields.sequence(name))
    if any(score >= later for (score, _), (later, _) in pairwise(rows)):
        raise fields.refuse(name, "must be in ascending order, each score once")
    return rows


def _row(fields: Fields, name: str, row: object) -> tuple[int, int]:
    pair = cast(Sequence[Any], row) if isinstance(row, (list, tuple)) else ()
    if len(pair) == 2:
        score, weight = pair
        if type(score) is type(weight) is int and 0 <= score <= FULL_MP and weight > 0:
            return score, weight
    raise fields.refuse(name, "must be pairs of millipoints, 0 to 100000, and a weight above 0")
