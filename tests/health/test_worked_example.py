"""The product computed by hand in docs/health.md: the same arithmetic in fractions, and the engine."""

import json
import re
from datetime import date
from fractions import Fraction
from pathlib import Path

from portfolio.health import evaluate, load_policy

TEXT = (Path(__file__).parents[2] / "docs" / "health.md").read_text(encoding="utf-8")
AS_OF = date(2026, 11, 22)


def told() -> dict[str, int]:
    """Millipoints by the first column of the table."""
    table = TEXT[TEXT.index("| what | arithmetic | points |") :].split("\n\n")[0]
    rows = (re.fullmatch(r"\| (\S+) \| .* \| (\d+)\.(\d{3}) \|", line) for line in table.splitlines()[2:])
    return {row[1]: int(row[2] + row[3]) for row in rows if row}


def points(value: Fraction) -> Fraction:
    """Rounded half up to thousandths, as every group and leaf is."""
    return Fraction((2000 * value.numerator + value.denominator) // (2 * value.denominator), 1000)


def by_hand() -> dict[str, Fraction]:
    tail = Fraction(3, 10)
    users = points(100 * Fraction(3, 4) / Fraction((date(2026, 11, 20) - date(2026, 1, 1)).days, 364))
    latency = 40 + points((40 + Fraction(60 * (800 - 500), 800 - 300) - 40) * Fraction(90 - 52, 60))
    outcomes = points((1 - tail) * (users + latency) / 2 + tail * latency)
    delivery = points((1 - tail) * Fraction(64 + 90, 2) + tail * 64)
    accuracy, drift = 80 + 20 * Fraction(93 - 90, 95 - 90), 40 + 60 * Fraction(25 - 16, 25 - 10)
    incidents, staleness = Fraction(100 - 5), Fraction(100 * (date(2027, 1, 6) - AS_OF).days, 90)
    model = points((50 * accuracy + 25 * drift + 15 * incidents + 10 * staleness) / 100)
    open_risks, reviews, compliance = Fraction(100 - 15), Fraction(100), Fraction(100 * 3, 4)
    risk = points((50 * open_risks + 25 * reviews + 25 * compliance) / 100)
    capacity, skills, key_person = Fraction(100 + 60, 2), Fraction(100 * 3, 4), Fraction(100, 2)
    team = points((35 * capacity + 30 * skills + 20 * key_person) / 85)
    feedback = points(100 * ((84 + 5 * Fraction(7, 2)) / 25 - 1) / 4)
    weights = {outcomes: 30, delivery: 20, model: 15, risk: 15, team: 10, feedback: 5}
    mean = sum((score * weight for score, weight in weights.items()), Fraction(0)) / sum(weights.values())
    return {
        "OUTCOMES/kpi:users": users,
        "OUTCOMES/kpi:latency": latency,
        "OUTCOMES": outcomes,
        "DELIVERY": delivery,
        "MODEL/model:m/EVAL/eval:accuracy": accuracy,
        "MODEL/model:m/DRIFT": drift,
        "MODEL/model:m/INCIDENTS": incidents,
        "MODEL/model:m/STALENESS": staleness,
        "MODEL": model,
        "RISK/OPEN_RISKS": open_risks,
        "RISK/REVIEWS": reviews,
        "RISK/COMPLIANCE": compliance,
        "RISK": risk,
        "TEAM/CAPACITY": capacity,
        "TEAM/SKILLS": skills,
        "TEAM/KEY_PERSON": key_person,
        "TEAM": team,
        "FEEDBACK/RATINGS": feedback,
        "FEEDBACK": feedback,
        "score": points((1 - tail) * mean + tail * outcomes),
    }


def test_the_table_of_the_document_is_the_arithmetic_that_it_describes():
    assert told() == {name: int(1000 * value) for name, value in by_hand().items()}


def test_the_engine_says_what_the_document_computes():
    node = json.loads(TEXT[TEXT.index("```json") + 7 :].split("```")[0])
    result = evaluate(node, AS_OF, load_policy("default-2"), None)
    engine = {leaf.path: leaf.effective_mp for leaf in result.leaves if not leaf.is_node}
    engine |= {**result.dimensions, "score": result.score_mp}
    assert engine == told()
    assert (result.band, result.caps) == ("WATCH", ())
    assert result.contributions[0] == ("OUTCOMES", 15_422)
