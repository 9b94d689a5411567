"""Identity of things: UUIDv7 inside, an opaque string with a readable prefix outside."""

from datetime import datetime
from uuid import UUID

# One prefix a kind, for ever: clients keep these strings.
PREFIX_OF_KIND = {
    "ORGANIZATION": "org",
    "PERSON": "per",
    "SERVICE_ACCOUNT": "sva",
    "API_KEY": "key",
    "PORTFOLIO": "pfl",
    "PRODUCT": "prd",
    "INITIATIVE": "ini",
    "KPI": "kpi",
    "KPI_TARGET": "tgt",
    "MEASUREMENT": "msr",
    "PROGRESS_SNAPSHOT": "prs",
    "CONNECTION": "con",
    "DELIVERY": "dlv",
    "WORK_ITEM": "wki",
    "LINKING_RULE": "lrl",
    "HEALTH_SCORE": "hsc",
    "EVENT": "evt",
    "TEAM": "tea",
    "MEMBERSHIP": "mbr",
    "SKILL": "skl",
    "PERSON_SKILL": "psk",
    "SKILL_DEMAND": "skd",
    "ASSIGNMENT": "asg",
    "WORKING_TIME": "wkt",
    "ABSENCE": "abs",
    "COMPANY_HOLIDAY": "hol",
    "MILESTONE": "mls",
    "DEPENDENCY": "dep",
    "STATUS_UPDATE": "stu",
    "LABEL": "lbl",
    "CUSTOM_FIELD": "cfd",
    "SAVED_VIEW": "svw",
    "EXTERNAL_LINK": "lnk",
    "JOB": "job",
    "BULK_FILE": "fil",
}
KIND_OF_PREFIX = {prefix: kind for kind, prefix in PREFIX_OF_KIND.items()}


def uuid7(at: datetime, entropy: int) -> UUID:
    """UUID of version 7 from an instant and 74 random bits (RFC 9562 section 5.7)."""
    milliseconds = int(at.timestamp() * 1000)
    high, low = (entropy >> 62) & 0xFFF, entropy & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def print_id(kind: str, value: UUID) -> str:
    return f"{PREFIX_OF_KIND[kind]}_{value}"


def parse_id(text: str) -> tuple[str, UUID] | None:
    """Kind and UUID of a public id; null for text that no id could be."""
    prefix, separator, rest = text.partition("_")
    kind = KIND_OF_PREFIX.get(prefix)
    if not separator or kind is None or len(rest) != 36:
        return None
    try:
        value = UUID(rest)
    except ValueError:
        return None
    return (kind, value) if str(value) == rest else None
