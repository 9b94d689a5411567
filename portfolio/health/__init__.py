"""The health engine: scores in exact integers, with their causes, from facts, date and policy."""

from .advice import NextBand, Way, lifts, next_band
from .change import Change, Snapshot, explain_change
from .document import input_document
from .errors import InputError
from .evaluation import ENGINE_VERSION, Evaluation, evaluate
from .explanation import stale_part_mp
from .fingerprint import canonical_json, fingerprint
from .finish_probability import finish_probability, weeks_until_likely
from .policy import Policy, load_policy
from .tree import Leaf
from .what_if import WhatIf, what_if

__all__ = [
    "ENGINE_VERSION",
    "Change",
    "Evaluation",
    "InputError",
    "Leaf",
    "NextBand",
    "Policy",
    "Snapshot",
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
