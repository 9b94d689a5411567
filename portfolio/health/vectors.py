"""Runs worked cases through the engine: `python -m portfolio.health.vectors FILE`."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from portfolio.health.aggregation import fold
from portfolio.health.aggregation.tree import Place
from portfolio.health.analysis import advice, change
from portfolio.health.analysis.what_if import what_if
from portfolio.health.arithmetic import FULL_MP, ratio_text, round_mp
from portfolio.health.assessment import evaluation
from portfolio.health.calendar_days import to_date
from portfolio.health.errors import InputError
from portfolio.health.fields import Fields
from portfolio.health.indicators import kpi_forecast, kpi_leaf
from portfolio.health.inputs.fingerprint import fingerprint
from portfolio.health.policy import band
from portfolio.health.policy.document import Policy
from portfolio.health.statistics import anomaly, trend
from portfolio.health.statistics.finish_probability import finish_probability

Case = Mapping[str, Any]

_TOLERANCE = 0.0001
"""Of a forecast's probability, the one float of the format."""


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    not_supported: int = 0

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.not_supported} not supported"


def run_file(path: Path, report: Callable[[str], None]) -> Tally:
    """Scores every case of a file under the file's own policy; failing ones go to `report`."""
    document = json.loads(path.read_text(encoding="utf-8"))
    policy, tally = Policy.from_document(document["policy"]), Tally()
    for case in document["vectors"]:
        if _is_misprinted(case):
            report(f'NOTE {case["id"]}: next_change_on "None" is read as null')
        lines = run_case(case, policy)
        if lines is None:
            tally.not_supported += 1
        elif lines:
            tally.failed += 1
            report("\n".join([f"FAILED {case['id']} ({case['kind']})", *lines]))
        else:
            tally.passed += 1
    return tally


def run_case(case: Case, policy: Policy) -> list[str] | None:
    """The differences to what is expected, one a line; None if the case is not supported."""
    answer = _ANSWERS.get(case["kind"])
    if answer is None:
        return None
    try:
        actual = answer(case, policy)
    except InputError as error:
        return [f"  refused: {error}"]
    expected = case["expected"]
    if _is_misprinted(case):
        expected = {**expected, "next_change_on": None}
    return differences(expected, json.loads(json.dumps(actual)), "")


def _is_misprinted(case: Case) -> bool:
    """A published file spells the null of a dead KPI as the text `None`; the format says null."""
    return case["kind"] == "kpi" and case["expected"].get("next_change_on") == "None"


def differences(expected: Any, actual: Any, path: str) -> list[str]:
    """Exact, types and list order included; object key order does not matter."""
    if type(expected) is type(actual) and json.dumps(expected) == json.dumps(actual):
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _member_differences(cast(dict[str, Any], expected), cast(dict[str, Any], actual), path)
    return [f"  {path or 'result'}: expected {_shown(expected)}, is {_shown(actual)}"]


def _member_differences(expected: Mapping[str, Any], actual: Mapping[str, Any], path: str) -> list[str]:
    lines: list[str] = []
    for key in sorted(expected.keys() | actual.keys()):
        place = f"{path}.{key}" if path else key
        if key not in actual:
            lines.append(f"  {place}: expected {_shown(expected[key])}, is absent")
        elif key not in expected:
            lines.append(f"  {place}: not expected, is {_shown(actual[key])}")
        else:
            lines += differences(expected[key], actual[key], place)
    return lines


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _kpi(case: Case, policy: Policy) -> Any:
    kpi, as_of = Fields(case["input"]), _day(case["as_of"]).toordinal()
    place = Place("", f"kpi:{kpi.text('id')}", 1)
    leaf, mode, problem, fading_day, _ = kpi_leaf.kpi_leaf(kpi, place, as_of, policy)
    next_change = to_date(fading_day)
    return {
        "raw_mp": leaf.raw_mp,
        "mode": mode,
        "problem": problem,
        "fresh_mp": leaf.fresh_mp,
        "effective_mp": leaf.effective_mp,
        "low_mp": leaf.low_mp,
        "high_mp": leaf.high_mp,
        "next_change_on": next_change and next_change.isoformat(),
    }


def _aggregate(case: Case, policy: Policy) -> Any:
    items = [item for item in case["input"]["items"] if item[1]]
    rule, keys = policy.fold_rules[case["input"]["agg"]], [item[0] for item in items]
    scored = [(score, weight) for _, weight, score in items]
    score = fold.fold(scored, rule)
    weights, denominator = fold.effective_weights(scored, rule)
    costs = fold.contributions(scored, rule, keys, score)
    shares = [ratio_text((weight, denominator), whole_as_fraction=True) for weight in weights]
    return {
        "score_mp": score,
        "effective_weights": dict(zip(keys, shares, strict=True)),
        "contributions": dict(zip(keys, costs, strict=True)),
    }


def _node(case: Case, policy: Policy) -> Any:
    node, as_of = case["input"]["node"], _day(case["as_of"])
    result = evaluation.evaluate(node, as_of, policy, case["input"].get("prev_band"))
    same = ("lifecycle", "score_mp", "provisional_mp", "band", "coverage_mp", "freshness_mp")
    same += ("confidence_mp", "low_mp", "high_mp", "dimensions", "contributions", "drivers")
    same += ("caps", "flags", "excluded_children")
    answer = {name: getattr(result, name) for name in same}
    answer |= {"id": node["id"], "confidence": result.confidence_level}
    answer["lifts"] = advice.lifts(node, as_of, policy)
    scored = {leaf.path for leaf in result.leaves if leaf.raw_mp is not None}
    if "DELIVERY/SCHEDULE" in scored:
        answer["spi_t"] = result.spi_t
    if "DELIVERY/FORECAST" in scored:
        answer["finish_probability_mp"] = result.finish_probability_mp
    return answer


def _change(case: Case, policy: Policy) -> Any:
    facts = case["input"]
    before = change.NodeState(facts["before"], _day(facts["as_of_before"]), policy)
    after = change.NodeState(facts["after"], _day(facts["as_of_after"]), policy)
    moved = change.explain_change(before, after)
    return moved and moved._asdict()


def _next_band(case: Case, policy: Policy) -> Any:
    answer = advice.next_band(case["input"]["node"], _day(case["as_of"]), policy)._asdict()
    if answer["goal"] is None:
        del answer["need_mp"]
    return answer


def _what_if(case: Case, policy: Policy) -> Any:
    facts = case["input"]
    answer = what_if(facts["node"], _day(case["as_of"]), policy, facts["policy_patch"])
    return {policy.version: answer.present.score_mp, "patched": answer.patched.score_mp}


def _band_sequence(case: Case, policy: Policy) -> Any:
    bands: list[str] = []
    for score in case["input"]["scores_mp"]:
        bands.append(band.band_of(score, bands[-1] if bands else None, policy))
    return {"bands": bands}


def _finish_probability(case: Case, _policy: Policy) -> Any:
    facts = case["input"]
    chance = finish_probability(facts["remaining"], facts["samples"], facts["weeks"])
    return {
        "p": ratio_text(chance, whole_as_fraction=True),
        "p_mp": round_mp(FULL_MP * chance[0], chance[1]),
    }


def _kpi_forecast(case: Case, _policy: Policy) -> Any:
    p, reason, mean, df = kpi_forecast.kpi_forecast(case["input"], _day(case["as_of"]))
    # A float's digits may differ in the last place from machine to machine: within the tolerance it is the expected.
    wanted = case["expected"].get("p")
    is_near = p is not None and isinstance(wanted, float) and abs(p - wanted) <= _TOLERANCE
    exact = None if mean is None else ratio_text(mean.as_integer_ratio())
    return _without_nulls({"mean": exact, "df": df}) | {"p": wanted if is_near else p, "reason": reason}


def _trend(case: Case, _policy: Policy) -> Any:
    name, slope, delta = trend.trend_of([(_day(day), score) for day, score in case["input"]["points"]])
    return {"trend": name, "slope_mp_per_week": slope} | _without_nulls({"delta_mp": delta})


def _anomaly(case: Case, _policy: Policy) -> Any:
    is_anomaly, reason, z_milli = anomaly.anomaly_of(case["input"]["values"])
    return {"anomaly": is_anomaly} | _without_nulls({"reason": reason, "z_milli": z_milli})


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _fingerprint(case: Case, _policy: Policy) -> Any:
    as_of, version = _day(case["as_of"]), case["policy"]
    return {"sha256": fingerprint(case["input"]["inputs"], as_of, version, None).hex()}


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


_ANSWERS: dict[str, Callable[[Case, Policy], Any]] = {
    "kpi": _kpi,
    "aggregate": _aggregate,
    "node": _node,
    "change": _change,
    "next_band": _next_band,
    "what_if": _what_if,
    "band_sequence": _band_sequence,
    "finish_probability": _finish_probability,
    "kpi_forecast": _kpi_forecast,
    "trend": _trend,
    "anomaly": _anomaly,
    "fingerprint": _fingerprint,
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m portfolio.health.vectors FILE", file=sys.stderr)
        return 2
    try:
        tally = run_file(Path(arguments[0]), print)
    except (OSError, ValueError, KeyError) as error:
        print(f"{arguments[0]} is not a vectors file: {error!r}", file=sys.stderr)
        return 2
    print(tally)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
