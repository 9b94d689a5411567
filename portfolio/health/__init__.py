"""The health engine: scores in exact integers, with their causes, from facts, date and policy."""

from portfolio.health.aggregation.tree import Leaf
from portfolio.health.analysis.advice import NextBand, Way, lifts, next_band
from portfolio.health.analysis.change import NodeState, ScoreChange, explain_change
from portfolio.health.analysis.what_if import WhatIf, what_if
from portfolio.health.assessment.evaluation import ENGINE_VERSION, Evaluation, evaluate
from portfolio.health.assessment.explanation import stale_part_mp
from portfolio.health.errors import InputError
from portfolio.health.inputs.document import input_document
from portfolio.health.inputs.fingerprint import canonical_json, fingerprint
from portfolio.health.policy.document import Policy, load_policy
from portfolio.health.statistics.finish_probability import finish_probability, weeks_until_likely

__all__ = [
    "ENGINE_VERSION",
    "Evaluation",
    "InputError",
    "Leaf",
    "NextBand",
    "NodeState",
    "Policy",
    "ScoreChange",
    "Way",
    "WhatIf",
    "canonical_json",
    "evaluate",
    "explain_change",
    "fingerprint",
    "finish_probability",
    "input_document",
    "lifts",
    "load_policy",
    "next_band",
    "stale_part_mp",
    "weeks_until_likely",
    "what_if",
]
