"""Single decisions of the engine that the worked cases do not show, each by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from portfolio.health import InputError, Policy, evaluate, input_document, load_policy, stale_part_mp, what_if

AS_OF = date(2026, 11, 22)
POLICY = load_policy("default-1")


def kpi(value: str = "50", on: str = "2026-11-20", **facts: Any) -> dict[str, Any]:
    """A KPI whose raw score is its value in points."""
    measurements = [{"on": on, "value": value}]
    level = {"direction": "HIGHER", "target": "100", "red_at": "40"}
    return {"id": "k", **level, "measurements": measurements, **facts}


def product(*kpis: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"id": "n", "kind": "product", "kpis": list(kpis), **facts}


def child(name: str, score: int = 80_000, **facts: Any) -> dict[str, Any]:
    values = dict.fromkeys(("score_mp", "low_mp", "high_mp"), score)
    return {
        "id": name,
        "result": {**values, "coverage_mp": 90_000, "confidence_mp": 45_000},
        **facts,
    }


def test_the_shipped_policy_takes_no_reported_status():
    assert POLICY.version == "default-1"
    for kind, weights in POLICY.dimension_weights.items():
        assert weights["STAKEHOLDER"] == 0
        assert "STAKEHOLDER" not in POLICY.expected_dimensions[kind]
    assert "STAKEHOLDER" not in evaluate(product(), AS_OF, POLICY, None).dimensions


@pytest.mark.parametrize("category", ["ADOPTION", "QUALITY", "RELIABILITY", "ENGAGEMENT"])
def test_categories_in_upper_case_reach_their_dimension(category: str):
    result = evaluate(product(kpi(category=category)), AS_OF, POLICY, None)
    assert [leaf.path for leaf in result.leaves] == ["OUTCOMES/kpi:k"]


def test_safety_and_drift_kpis_stand_in_their_own_dimensions():
    node = product(kpi(category="SAFETY", weight=2), kpi(id="d", category="DRIFT"))
    leaves = {leaf.path: leaf.weight for leaf in evaluate(node, AS_OF, POLICY, None).leaves}
    assert leaves == {"RISK/kpi:k": 50, "MODEL/kpi:d": 1}


def test_a_leaf_says_what_costs_more_its_value_or_its_age():
    codes = {
        value_and_day: evaluate(product(kpi(*value_and_day)), AS_OF, POLICY, None).leaves[0]
        for value_and_day in [("50", "2026-11-20"), ("95", "2026-09-20"), ("100", "2026-11-20")]
    }
    assert [leaf.reason_code for leaf in codes.values()] == ["KPI_BELOW_TARGET", "KPI_STALE", None]
    stale = codes["95", "2026-09-20"]
    assert stale.effective_mp is not None
    assert stale.observed_on == date(2026, 9, 20)
    assert stale_part_mp(stale, 100_000 - stale.effective_mp) == 95_000 - stale.effective_mp


def test_a_missing_kpi_and_one_with_a_broken_definition_say_so():
    node = product(kpi(measurements=[]), kpi(id="b", red_at="100"))
    leaves = evaluate(node, AS_OF, POLICY, None).leaves
    assert [leaf.reason_code for leaf in leaves] == ["KPI_MISSING", "KPI_BAD_THRESHOLDS"]
    assert {leaf.effective_mp for leaf in leaves} == {None}


def test_a_red_line_at_a_target_of_zero_is_a_bad_threshold_not_a_missing_tolerance():
    for facts, code in (({"red_at": "0"}, "KPI_BAD_THRESHOLDS"), ({}, "KPI_NEEDS_TOLERANCE")):
        node = product({"id": "k", "direction": "LOWER", "target": "0", **facts})
        assert evaluate(node, AS_OF, POLICY, None).leaves[0].reason_code == code


def test_an_initiative_past_due_is_capped_and_later_capped_harder():
    node = {"id": "i", "kind": "initiative", "due_on": "2026-11-21"}
    days = [date(2026, 11, 21), AS_OF, date(2026, 12, 21), date(2026, 12, 22)]
    results = [evaluate(node, day, POLICY, None) for day in days]
    assert [result.caps for result in results] == [
        (),
        (("cap:overdue", 59_000),),
        (("cap:overdue", 59_000),),
        (("cap:overdue", 39_000),),
    ]
    assert [result.next_change_on for result in results] == [AS_OF, days[3], days[3], None]


def test_too_little_is_published_only_if_it_is_bad_whatever_the_rest_may_be():
    thin = {"id": "i", "kind": "initiative", "kpis": [kpi("100")]}
    quiet = evaluate(thin, AS_OF, POLICY, None)
    assert (quiet.coverage_mp, quiet.provisional_mp) == (23_529, 100_000)
    assert (quiet.score_mp, quiet.band) == (None, "UNKNOWN")
    overdue = evaluate({**thin, "due_on": "2026-10-01"}, AS_OF, POLICY, "HEALTHY")
    assert (overdue.score_mp, overdue.high_mp, overdue.band) == (39_000, 39_000, "CRITICAL")
    assert overdue.contributions == (("cap:overdue", 61_000), ("OUTCOMES", 0))


def test_children_not_under_way_are_counted_and_left_out():
    node = product(
        initiatives=[
            child("a", 80_000),
            child("b", 10_000, status="CANCELED"),
            child("c", 10_000, start_on="2026-12-01"),
            child("d", 10_000, status="COMPLETED"),
        ]
    )
    result = evaluate(node, AS_OF, POLICY, None)
    assert result.excluded_children == {"CANCELED": 1, "NOT_STARTED": 1, "COMPLETED": 1}
    assert result.dimensions["DELIVERY"] == 80_000
    assert result.next_change_on == date(2026, 12, 1)
    (leaf,) = result.leaves
    assert (leaf.path, leaf.reason_code, leaf.fresh_mp) == ("DELIVERY/node:a", "CHILD", 50_000)


def test_a_journey_past_its_end_is_measured_against_the_whole_of_it():
    facts = {"baseline": "0", "start_on": "2026-01-01", "target_on": "2026-11-30"}
    node = product(kpi("80", red_at=None, **facts))
    today = evaluate(node, AS_OF, POLICY, None)
    assert today.next_change_on == date(2026, 12, 1)
    for day, raw_mp in ((AS_OF, 82_477), (date(2026, 11, 30), 82_477), (date(2026, 12, 1), 80_000)):
        assert evaluate(node, day, POLICY, None).leaves[0].raw_mp == raw_mp


def test_a_correction_of_a_day_supersedes_by_recording_then_by_place():
    first = {"on": "2026-11-20", "value": "50", "recorded": "2026-11-21T00:00:00Z"}
    later = {"on": "2026-11-20", "value": "60", "recorded": "2026-11-22T00:00:00Z"}
    again = {**later, "value": "70"}
    for measurements, raw_mp in (([first, later], 60_000), ([later, first], 60_000), ([later, again], 70_000)):
        node = product(kpi(measurements=measurements))
        assert evaluate(node, AS_OF, POLICY, None).leaves[0].raw_mp == raw_mp
        assert len(input_document(node)["kpis"][0]["measurements"]) == 1


def test_a_measurement_dated_ahead_waits_for_its_day():
    node = product(kpi("50"))
    node["kpis"][0]["measurements"].append({"on": "2026-11-25", "value": "100"})
    result = evaluate(node, AS_OF, POLICY, None)
    assert result.leaves[0].raw_mp == 50_000
    assert result.next_change_on == date(2026, 11, 25)
    assert evaluate(input_document(node, AS_OF), AS_OF, POLICY, None) == result


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"kpis": [kpi(), kpi()]}, "kpis[1].id"),
        ({"kpis": [kpi(category="FAME")]}, "kpis[0].category"),
        ({"kpis": [kpi(weight=1001)]}, "kpis[0].weight"),
        ({"kpis": [kpi(target=0.5)]}, "kpis[0].target"),
        ({"kpis": [kpi(target="1/0")]}, "kpis[0].target"),
        ({"kpis": [kpi(target="NaN")]}, "kpis[0].target"),
        ({"kpis": [kpi(on="yesterday")]}, "kpis[0].measurements[0].on"),
        ({"kpis": [kpi(on="20261120")]}, "kpis[0].measurements[0].on"),
        ({"kpis": [kpi(on="2026-02-30")]}, "kpis[0].measurements[0].on"),
        ({"kpis": [kpi(direction="RANGE", range_low="1")]}, "kpis[0].range_high"),
        ({"kpis": ["k"]}, "kpis[0]"),
        ({"status": "RUNNING"}, "status"),
        ({"kind": "team"}, "kind"),
        ({"initiatives": [child("a", importance=0)]}, "initiatives[0].importance"),
        ({"initiatives": [child("a", 100_001)]}, "initiatives[0].result.score_mp"),
        ({"initiatives": [{"id": "a", "result": {"low_mp": 0}}]}, "initiatives[0].result.high_mp"),
        ({"not_applicable": [1]}, "not_applicable"),
    ],
)
def test_malformed_facts_are_refused_with_their_place(facts: dict[str, Any], place: str):
    with pytest.raises(InputError) as refusal:
        evaluate({**product(), **facts}, AS_OF, POLICY, None)
    assert refusal.value.path == place


def test_a_waived_kpi_counts_nowhere_and_is_listed_with_its_last_day():
    node = product(kpi(waived_until="2026-11-22", category="SAFETY"), kpi("90", id="b", waived_until="2026-11-21"))
    result = evaluate(node, AS_OF, POLICY, None)
    assert result.waived == (("RISK/kpi:k", AS_OF),)
    assert [leaf.path for leaf in result.leaves] == ["OUTCOMES/kpi:b"]
    assert result.next_change_on == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"models": [{"id": "m"}, {"id": "m"}]}, "models[1].id"),
        ({"models": [{"id": "m", "drift": [{"method": "guess", "value": "0.1"}]}]}, "models[0].drift[0].method"),
        ({"models": [{"id": "m", "incidents": [{"severity": "SEV1"}]}]}, "models[0].incidents[0].opened_on"),
        ({"models": [{"id": "m", "incidents": [{"severity": "SEV9"}]}]}, "models[0].incidents[0].severity"),
        ({"risk": {"risks": [{"probability": 6, "impact": 1}]}}, "risk.risks[0].probability"),
        ({"risk": {"reviews": [{"done_on": "2026-11-01"}]}}, "risk.reviews[0].due_on"),
        ({"risk": {"ai_act_class": "GREAT"}}, "risk.ai_act_class"),
        ({"status_updates": [{"author": "ann", "status": "FINE", "on": "2026-11-01"}]}, "status_updates[0].status"),
        ({"feedback": {"count": 2, "sum": "11"}}, "feedback.sum"),
    ],
)
def test_malformed_models_risks_and_opinions_are_refused_with_their_place(facts: dict[str, Any], place: str):
    reporting = POLICY.patched({"dimension_weights.*.STAKEHOLDER": 5})
    with pytest.raises(InputError) as refusal:
        evaluate(product(**facts), AS_OF, reporting, None)
    assert refusal.value.path == place


def test_the_document_has_one_form_for_equal_facts():
    plain = product(kpi("1.5", target="100", cadence_days=None))
    other = product(kpi("1.50", target=Decimal("1E+2"), weight=1, required=False))
    other["kpis"][0]["measurements"][0] |= {"recorded": "2026-11-20T08:00:00Z", "id": "m"}
    other["kpis"][0]["measurements"].append({"on": date(2026, 11, 19), "value": "9"})
    assert input_document(plain, AS_OF) == input_document(other, AS_OF)
    (document,) = input_document(other, AS_OF)["kpis"]
    assert document["measurements"] == [{"on": "2026-11-20", "value": "1.5"}]
    assert document["target"] == "100"


def test_a_draft_policy_changes_the_answer_and_leaves_the_policy_alone():
    node = product(kpi("100"), kpi("0", id="z"))
    answer = what_if(node, AS_OF, POLICY, {"aggregate.*.lambda": "0", "min_coverage_mp": 0})
    assert (answer.present.provisional_mp, answer.patched.provisional_mp) == (35_000, 50_000)
    assert POLICY.document["aggregate"]["kpis"]["lambda"] == "3/10"
    with pytest.raises(InputError, match="not part of the policy"):
        POLICY.patched({"aggregate.kpis.mu": "0"})


def test_an_unknown_or_broken_policy_is_refused():
    with pytest.raises(LookupError, match="default-1"):
        load_policy("../default-1")
    broken = {key: value for key, value in POLICY.document.items() if key != "bands"}
    with pytest.raises(InputError, match="bands"):
        Policy.from_document(broken)


def test_reported_status_is_flagged_where_a_policy_scores_it():
    patch = {
        "dimension_weights.product.STAKEHOLDER": 5,
        "kpi_category_dimension.engagement": "STAKEHOLDER",
    }
    policy = POLICY.patched(patch)
    for said, measured, flags in (
        ("90", "45", ("STATUS_ABOVE_EVIDENCE",)),
        ("45", "90", ("STATUS_BELOW_EVIDENCE",)),
        ("75", "70", ()),
    ):
        node = product(kpi(said), kpi(measured, id="r", category="REVENUE"))
        assert evaluate(node, AS_OF, policy, None).flags == flags
