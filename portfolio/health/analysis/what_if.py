"""What a score would be under another policy; nothing is stored."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from portfolio.health.assessment.evaluation import Evaluation, evaluate
from portfolio.health.policy.document import Policy


class WhatIf(NamedTuple):
    present: Evaluation
    patched: Evaluation


def what_if(node: Mapping[str, Any], as_of: date, policy: Policy, policy_patch: Mapping[str, Any]) -> WhatIf:
    """`policy_patch` maps dotted paths of the policy document to other values; `*` is any key."""
    draft = policy.patched(policy_patch)
    return WhatIf(evaluate(node, as_of, policy, None), evaluate(node, as_of, draft, None))
