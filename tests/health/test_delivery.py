"""DELIVERY of an initiative, component by component, by hand."""

from datetime import date
from typing import Any

import pytest

from portfolio.health import Evaluation, InputError, Leaf, evaluate, load_policy

AS_OF = date(2026, 11, 22)
POLICY = load_policy("default-1")
PACE = [3, 4, 5, 4]


def initiative(delivery: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"id": "i", "kind": "initiative", "delivery": delivery, **facts}


def result_of(delivery: dict[str, Any], **facts: Any) -> Evaluation:
    return evaluate(initiative(delivery, **facts), AS_OF, POLICY, None)


def component(result: Evaluation, name: str) -> Leaf:
    return next(leaf for leaf in result.leaves if leaf.path == f"DELIVERY/{name}")


def test_without_data_schedule_and_forecast_are_missing_and_the_others_absent():
    result = result_of({})
    assert {leaf.path: leaf.raw_mp for leaf in result.leaves} == {"DELIVERY/SCHEDULE": None, "DELIVERY/FORECAST": None}
    assert (result.spi_t, result.finish_probability_mp, result.next_change_on) == (None, None, None)


def test_a_running_schedule_moves_every_day():
    # 40 % done at half time: 200 (0.4 + 0.25) / (0.5 + 0.25) - 100 = 73.333
    dates = {"start_on": "2026-10-23", "due_on": "2026-12-22"}
    result = result_of({"total_scope": "100", "done_scope": "40"}, **dates)
    assert component(result, "SCHEDULE").raw_mp == 73_333
    assert component(result, "SCHEDULE").reason_code == "SCHEDULE_SLIP"
    assert result.spi_t == "4/5"
    assert result.next_change_on == date(2026, 11, 23)


def test_the_weeks_left_are_rounded_half_up():
    items = {"total_items": 10, "done_items": 7, "weekly_throughput": PACE}
    chances = {due: result_of(items, due_on=f"2026-11-{due}").finish_probability_mp for due in (25, 26)}
    assert chances == {25: 0, 26: 100_000}


def test_a_forecast_waits_for_four_weeks_of_history_and_is_full_at_eighty_five_percent():
    items = {"total_items": 10, "done_items": 6, "due_on": "2026-11-29"}
    few = result_of({**items, "weekly_throughput": PACE[:3]}, due_on="2026-11-29")
    enough = result_of({**items, "weekly_throughput": PACE}, due_on="2026-11-29")
    assert component(few, "FORECAST").raw_mp is None
    assert enough.finish_probability_mp == 75_000
    assert component(enough, "FORECAST").raw_mp == 88_235
    assert component(enough, "FORECAST").reason_code == "LATE_FINISH_LIKELY"
    assert enough.next_change_on == date(2026, 11, 23)


def test_only_the_last_twelve_weeks_are_drawn_from():
    items = {"total_items": 10, "done_items": 6, "weekly_throughput": [0] * 30 + [4] * 12}
    assert result_of(items, due_on="2026-11-29").finish_probability_mp == 100_000


def test_nothing_left_to_do_is_certain_also_after_the_due_date():
    items = {"total_items": 10, "done_items": 11, "weekly_throughput": PACE}
    assert result_of(items, due_on="2026-11-01").finish_probability_mp == 100_000


def test_a_plan_beyond_the_guard_is_missing_rather_than_slow():
    items = {"total_items": 9_000, "done_items": 0, "weekly_throughput": [0, 400, 100, 50]}
    result = result_of(items, due_on="2030-01-01")
    assert component(result, "FORECAST").raw_mp is None
    assert result.next_change_on == date(2026, 11, 23)


def test_milestones_count_from_their_day_on():
    milestones = [
        {"due_on": "2026-11-10", "done_on": "2026-11-09"},
        {"due_on": "2026-11-15", "done_on": "2026-11-18"},
        {"due_on": "2026-11-16", "done_on": "2026-11-30"},
        {"due_on": "2026-11-17", "cancelled": True},
        {"due_on": "2026-12-10"},
    ]
    leaf = component(result_of({"milestones": milestones}), "MILESTONES")
    assert leaf.raw_mp == 58_333  # (1 + 3/4 + 0) / 3
    assert result_of({"milestones": milestones}).next_change_on == date(2026, 11, 30)
    assert result_of({"milestones": milestones[-1:]}).next_change_on == date(2026, 12, 10)
    assert result_of({"milestones": milestones[3:4]}).leaves == result_of({}).leaves


def test_blocked_work_counts_twice_and_ages_with_its_snapshot():
    flow = {"wip": 8, "blocked": 1, "observed_on": "2026-11-20"}
    result = result_of(flow)
    assert component(result, "FLOW").raw_mp == 75_000
    assert result.next_change_on == date(2026, 11, 28)
    old = component(result_of({**flow, "observed_on": "2026-11-08"}), "FLOW")
    assert (old.raw_mp, old.fresh_mp, old.effective_mp) == (75_000, 50_000, 57_500)
    assert component(result_of({"wip": 2, "blocked": 2}), "FLOW").raw_mp == 0


@pytest.mark.parametrize(
    ("delivery", "place"),
    [
        ({"total_scope": "10"}, "delivery.done_scope"),
        ({"total_scope": "-1", "done_scope": "0"}, "delivery.total_scope"),
        ({"total_items": 10}, "delivery.done_items"),
        ({"weekly_throughput": [1, -1]}, "delivery.weekly_throughput[1]"),
        ({"milestones": [{}]}, "delivery.milestones[0].due_on"),
        ({"wip": True}, "delivery.wip"),
    ],
)
def test_malformed_progress_is_refused_with_its_place(delivery: dict[str, Any], place: str):
    with pytest.raises(InputError) as refusal:
        result_of(delivery, start_on="2026-01-01", due_on="2026-12-31")
    assert refusal.value.path == place
