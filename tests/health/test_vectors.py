"""The worked cases of hp-1 and default-2, run as they stand, and that the runner can fail."""

import copy
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portfolio.health import Policy, fingerprint, load_policy
from portfolio.health.inputs.fingerprint import canonical_json
from portfolio.health.vectors import run_case

DATA = Path(__file__).parent.parent / "data" / "health"
FILES = ["vectors.json", "vectors_extra.json"]
DOCUMENTS = [json.loads((DATA / name).read_text(encoding="utf-8")) for name in FILES]
CASES = [case for document in DOCUMENTS for case in document["vectors"]]
POLICY = Policy.from_document(DOCUMENTS[0]["policy"])
OWN = json.loads((DATA / "vectors_default_2.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_worked_case_comes_out_as_published(case: dict[str, Any]):
    assert run_case(case, POLICY) == []


@pytest.mark.parametrize("case", OWN["vectors"], ids=lambda case: case["id"])
def test_what_default_2_changes_comes_out_as_worked_by_hand(case: dict[str, Any]):
    assert load_policy("default-2").document == OWN["policy"]
    assert run_case(case, load_policy("default-2")) == []
    assert case["hand_checked"].items() <= case["expected"].items()
    assert run_case(case, load_policy("default-1")) != []


def test_default_2_is_default_1_but_for_its_three_rules():
    added = {"small_numbers", "usual_importance", "model_retirement_notice_days", "policy_version"}
    older, newer = load_policy("default-1").document, load_policy("default-2").document
    assert {key: value for key, value in newer.items() if key not in added} == {
        key: value for key, value in older.items() if key != "policy_version"
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_with_one_wrong_number_fails(case: dict[str, Any]):
    wrong = copy.deepcopy(case)
    key = next(iter(wrong["expected"]))
    wrong["expected"][key] = ["something else"]
    assert any(key in line for line in run_case(wrong, POLICY) or [])


def test_every_integer_counts():
    case = next(case for case in CASES if case["id"] == "node-06-critical-missing")
    for key in ("score_mp", "coverage_mp", "confidence_mp", "low_mp", "high_mp"):
        wrong = copy.deepcopy(case)
        wrong["expected"][key] += 1
        assert run_case(wrong, POLICY) == [f"  {key}: expected {wrong['expected'][key]}, is {case['expected'][key]}"]


def test_the_command_names_failing_cases_and_counts_all(tmp_path: Path):
    document = copy.deepcopy(DOCUMENTS[1])
    case = next(case for case in document["vectors"] if case["kind"] == "fingerprint")
    case["expected"]["sha256"] = "0" * 64
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "portfolio.health.vectors"]
    good, bad = (
        subprocess.run([*command, file], check=False, capture_output=True, text=True)
        for file in (DATA / FILES[1], broken)
    )
    assert good.returncode == 0
    assert good.stdout.splitlines()[-1] == "4 passed, 0 failed, 0 not supported"
    assert bad.returncode == 1
    assert f"FAILED {case['id']}" in bad.stdout
    assert bad.stdout.splitlines()[-1] == "3 passed, 1 failed, 0 not supported"


def test_the_fingerprint_document_is_the_published_text_byte_for_byte():
    inputs = {
        "weight": 3,
        "key": "OUTCOMES/kpi:a",
        "raw_mp": 81500,
        "f": "2/3",
        "value": "1.5",
        "flags": [True, None],
        "Name": 'Zürich <"1">',
    }
    as_of = date(2026, 11, 22)
    assert fingerprint(inputs, as_of, "hp-1", None).hex() == (
        "5f8e4374761ac1da9e7fc9cbec2a3aa8cc50bb70905692b3e4ed8d83f5a25030"
    )
    assert fingerprint(inputs, as_of, "hp-1", "WATCH").hex() == (
        "a2dec254c1b7857288102db1f7ca9278b5da72db2e596f0869babd15bae35577"
    )
    assert len(canonical_json(inputs).encode()) < 201
    with pytest.raises(TypeError, match="decimal strings"):
        canonical_json({"value": 0.5})
