"""Which nodes are scored at all: only those that are under way."""

from portfolio.health.fields import Fields

KINDS = frozenset({"product", "initiative", "portfolio"})
STATUSES = frozenset({"ACTIVE", "ON_HOLD", "DRAFT", "CANCELLED", "CANCELED", "COMPLETED"})
SCORED = frozenset({"ACTIVE", "ON_HOLD"})
NOT_STARTED = "NOT_STARTED"


def lifecycle(node: Fields, as_of: int) -> str:
    """The status as given (both spellings of canceled), or NOT_STARTED before the start."""
    status = node.choice("status", STATUSES, "ACTIVE")
    start = node.day("start_on")
    if status in SCORED and start is not None and start > as_of:
        return NOT_STARTED
    return status
