"""Bands with a memory: down at once past a margin, up only clearly above the edge."""

from portfolio.health.policy.document import Policy

BANDS = ("CRITICAL", "AT_RISK", "WATCH", "HEALTHY")
UNKNOWN = "UNKNOWN"


def band_of(score_mp: int | None, previous: str | None, policy: Policy) -> str:
    """`previous` is the band of the last earlier day under the same policy, None for none."""
    if score_mp is None:
        return UNKNOWN
    standing = BANDS.index(previous) if previous in BANDS else None
    for name, edge in policy.bands:
        margin = 0
        if standing is not None:
            is_held = standing >= BANDS.index(name)
            margin = -policy.fall_mp if is_held else policy.rise_mp
        if score_mp >= edge + margin:
            return name
    return BANDS[0]


def limited_band(band: str, hard_cap_mp: int, policy: Policy) -> str:
    """A hard cap takes the band down at once, without memory."""
    if band == UNKNOWN:
        return band
    return min(band, band_of(hard_cap_mp, None, policy), key=BANDS.index)
