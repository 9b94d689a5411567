"""Generated nodes for the property tests: every shape of KPI, delivery and child."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

AS_OF = date(2026, 11, 22)

DAYS = st.integers(-400, 60).map(lambda offset: (AS_OF + timedelta(days=offset)).isoformat())
NUMBERS = st.decimals(-1000, 1000, places=2, allow_nan=False).map(str)
SHARES = st.decimals(0, 1, places=2).map(str)
SCORES = st.integers(0, 100_000)
BANDS = st.sampled_from([None, "UNKNOWN", "CRITICAL", "AT_RISK", "WATCH", "HEALTHY"])
CATEGORIES = ["ENGAGEMENT", "REVENUE", "LATENCY", "MODEL_PERFORMANCE", "DRIFT", "SAFETY"]

MEASUREMENTS = st.lists(
    st.fixed_dictionaries(
        {"on": DAYS, "value": NUMBERS},
        optional={"recorded": st.sampled_from(["", "2026-11-01", "2026-11-02"])},
    ),
    max_size=5,
)
KPI_FACTS = st.fixed_dictionaries(
    {"direction": st.sampled_from(["HIGHER", "LOWER", "RANGE"]), "measurements": MEASUREMENTS},
    optional={
        "target": NUMBERS,
        "baseline": NUMBERS,
        "red_at": NUMBERS,
        "green_at": NUMBERS,
        "tolerance": st.integers(1, 50),
        "start_on": DAYS,
        "target_on": DAYS,
        "created_on": DAYS,
        "waived_until": DAYS,
        "value_mode": st.sampled_from(["LAST", "MEDIAN3"]),
        "cadence_days": st.integers(1, 90),
        "required": st.booleans(),
        "critical": st.booleans(),
        "weight": st.integers(0, 1000),
        "category": st.sampled_from(CATEGORIES),
    },
)
DELIVERIES = st.fixed_dictionaries(
    {
        "done_scope": st.integers(0, 60),
        "done_items": st.integers(0, 60),
        "weekly_throughput": st.lists(st.integers(0, 6), max_size=14),
        "milestones": st.lists(
            st.fixed_dictionaries({"due_on": DAYS}, optional={"done_on": DAYS, "cancelled": st.booleans()}),
            max_size=3,
        ),
    },
    optional={
        "total_scope": st.integers(0, 60),
        "total_items": st.integers(0, 60),
        "wip": st.integers(0, 9),
        "blocked": st.integers(0, 9),
        "observed_on": DAYS,
    },
)


@st.composite
def results(draw: st.DrawFn) -> dict[str, Any]:
    low, score, high = sorted(draw(st.tuples(SCORES, SCORES, SCORES)))
    coverage = draw(SCORES)
    return {
        "score_mp": draw(st.sampled_from([score, None])),
        "low_mp": low,
        "high_mp": high,
        "coverage_mp": coverage,
        "confidence_mp": draw(st.integers(0, coverage)),
    }


CHILDREN = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["product", "initiative"]), "result": results()},
        optional={
            "status": st.sampled_from(["ACTIVE", "ON_HOLD", "DRAFT", "CANCELLED", "COMPLETED"]),
            "start_on": DAYS,
            "importance": st.integers(1, 1000),
        },
    ),
    max_size=4,
)

MODELS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "evals": st.lists(KPI_FACTS.filter(lambda kpi: kpi["direction"] != "RANGE"), max_size=2),
        "drift": st.lists(
            st.fixed_dictionaries(
                {"method": st.sampled_from(["psi", "ks_d", "wasserstein", "js", "drift_share"]), "value": SHARES},
                optional={"observed_on": DAYS},
            ),
            max_size=2,
        ),
    },
    optional={
        "incidents": st.lists(
            st.fixed_dictionaries(
                {"severity": st.sampled_from(["SEV1", "SEV2", "SEV3", "SEV4"]), "opened_on": DAYS},
                optional={"closed_on": DAYS},
            ),
            max_size=3,
        ),
        "trained_on": DAYS,
        "max_age_days": st.integers(1, 200),
        "retires_on": DAYS,
        "successor_deployed": st.booleans(),
        "weight": st.integers(0, 1000),
    },
)
RISKS = st.fixed_dictionaries(
    {},
    optional={
        "risks": st.lists(
            st.fixed_dictionaries(
                {"probability": st.integers(1, 5), "impact": st.integers(1, 5)},
                optional={"open": st.booleans(), "mitigated": st.booleans()},
            ),
            max_size=3,
        ),
        "register_reviewed_on": DAYS,
        "reviews": st.lists(st.fixed_dictionaries({"due_on": DAYS}, optional={"done_on": DAYS}), max_size=2),
        "ai_act_class": st.sampled_from(["PROHIBITED", "HIGH", "LIMITED", "MINIMAL", "UNCLASSIFIED"]),
        "obligations_required": st.integers(0, 9),
        "obligations_met": st.integers(0, 9),
    },
)
UPDATES = st.lists(
    st.fixed_dictionaries(
        {
            "author": st.sampled_from(["ann", "bob"]),
            "status": st.sampled_from(["ON_TRACK", "AT_RISK", "OFF_TRACK"]),
            "on": DAYS,
        }
    ),
    max_size=4,
)


@st.composite
def feedbacks(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(0, 40))
    return {"count": count, "sum": str(draw(st.integers(count, 5 * count))), "observed_on": draw(DAYS)}


def identified(items: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    return [{"id": f"{prefix}{index}", **item} for index, item in enumerate(items)]


@st.composite
def kpis(draw: st.DrawFn) -> dict[str, Any]:
    kpi = draw(KPI_FACTS)
    if kpi["direction"] == "RANGE":
        kpi |= {"range_low": draw(NUMBERS), "range_high": draw(NUMBERS)}
    return kpi


@st.composite
def judged(draw: st.DrawFn) -> dict[str, Any]:
    """Models, risks and opinions: each update has an id, so that no two of an author are equals."""
    models = [{**model, "evals": identified(model["evals"], "e")} for model in draw(st.lists(MODELS, max_size=2))]
    return {
        "models": identified(models, "m"),
        "risk": draw(RISKS),
        "status_updates": identified(draw(UPDATES), "u"),
        "feedback": draw(feedbacks()),
    }


@st.composite
def nodes(draw: st.DrawFn, kind: str | None = None) -> dict[str, Any]:
    kind = kind or draw(st.sampled_from(["product", "initiative", "portfolio"]))
    node = {"id": "n", "kind": kind, "kpis": identified(draw(st.lists(kpis(), max_size=4)), "k")}
    node["status"] = draw(st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "ON_HOLD", "DRAFT"]))
    if draw(st.booleans()):
        node["start_on"] = draw(DAYS)
    if draw(st.booleans()):
        node |= draw(judged())
    if kind == "initiative":
        node |= {"due_on": draw(DAYS), "delivery": draw(DELIVERIES)}
    elif kind == "product":
        node["initiatives"] = identified(draw(CHILDREN), "i")
    else:
        node["children"] = identified(draw(CHILDREN), "p")
    return node
