"""Flags where the reported status and the measured evidence disagree; no effect on the score."""

from portfolio.health.aggregation.fold import fold
from portfolio.health.aggregation.tree import Group, scored_pairs
from portfolio.health.policy.document import Policy

REPORTED = "STAKEHOLDER"


def status_flags(root: Group, policy: Policy) -> tuple[str, ...]:
    """Compares STAKEHOLDER with the fold over all other dimensions, before caps."""
    reported = next((part.score_mp for part in root.children if part.key == REPORTED), None)
    others = scored_pairs([part for part in root.children if part.key != REPORTED])
    if reported is None or not others:
        return ()
    evidence, limits = fold(others, root.rule), policy.status_flags
    if reported >= limits["status_high_mp"] and evidence < limits["evidence_low_mp"]:
        return ("STATUS_ABOVE_EVIDENCE",)
    if reported <= limits["status_low_mp"] and evidence >= limits["evidence_high_mp"]:
        return ("STATUS_BELOW_EVIDENCE",)
    return ()
