"""The closed vocabularies of the trade, spelled as the API and the database spell them."""

from enum import StrEnum


class LifecycleStage(StrEnum):
    IDEA = "IDEA"
    DISCOVERY = "DISCOVERY"
    DEVELOPMENT = "DEVELOPMENT"
    PILOT = "PILOT"
    LIVE = "LIVE"
    SUNSET = "SUNSET"
    RETIRED = "RETIRED"


class ProductTier(StrEnum):
    TIER_1 = "TIER_1"
    TIER_2 = "TIER_2"
    TIER_3 = "TIER_3"
    TIER_4 = "TIER_4"


class InitiativeState(StrEnum):
    PROPOSED = "PROPOSED"
    PLANNED = "PLANNED"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class ProgressSource(StrEnum):
    TRACKER = "TRACKER"
    SNAPSHOT = "SNAPSHOT"


class KpiCategory(StrEnum):
    ENGAGEMENT = "ENGAGEMENT"
    CONVERSION = "CONVERSION"
    REVENUE = "REVENUE"
    COST = "COST"
    LATENCY = "LATENCY"
    MODEL_PERFORMANCE = "MODEL_PERFORMANCE"
    DRIFT = "DRIFT"
    SAFETY = "SAFETY"
    FAIRNESS = "FAIRNESS"
    ADOPTION = "ADOPTION"
    QUALITY = "QUALITY"
    RELIABILITY = "RELIABILITY"


class KpiDirection(StrEnum):
    HIGHER = "HIGHER"
    LOWER = "LOWER"
    RANGE = "RANGE"


class KpiValueMode(StrEnum):
    LAST = "LAST"
    MEDIAN3 = "MEDIAN3"


class HealthBand(StrEnum):
    HEALTHY = "HEALTHY"
    WATCH = "WATCH"
    AT_RISK = "AT_RISK"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"


class ConfidenceLevel(StrEnum):
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    VERY_LOW = "VERY_LOW"


class HealthDimensionName(StrEnum):
    OUTCOMES = "OUTCOMES"
    DELIVERY = "DELIVERY"
    MODEL = "MODEL"
    RISK = "RISK"
    TEAM = "TEAM"
    FEEDBACK = "FEEDBACK"
    STAKEHOLDER = "STAKEHOLDER"
    CHILDREN = "CHILDREN"


class Scope(StrEnum):
    READ = "READ"
    WRITE = "WRITE"
    INGEST = "INGEST"
    ADMIN = "ADMIN"


class TrackerSystem(StrEnum):
    GITHUB = "GITHUB"


class WorkItemType(StrEnum):
    EPIC = "EPIC"
    STORY = "STORY"
    TASK = "TASK"
    BUG = "BUG"
    SUBTASK = "SUBTASK"
    INCIDENT = "INCIDENT"
    REQUIREMENT = "REQUIREMENT"
    OTHER = "OTHER"


class WorkItemStateCategory(StrEnum):
    TRIAGE = "TRIAGE"
    BACKLOG = "BACKLOG"
    TODO = "TODO"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"


class DeliveryStatus(StrEnum):
    NEW = "NEW"
    APPLIED = "APPLIED"
    SUPERSEDED = "SUPERSEDED"
    IGNORED = "IGNORED"
    DEAD = "DEAD"


class LinkingRuleKind(StrEnum):
    MILESTONE = "MILESTONE"
    LABEL = "LABEL"
    EXPLICIT = "EXPLICIT"


class EventSource(StrEnum):
    """The door through which a change came."""

    API = "API"
    INGEST = "INGEST"
    WEBHOOK = "WEBHOOK"
    WORKER = "WORKER"
    COMMAND = "COMMAND"


class RollupGroup(StrEnum):
    BAND = "BAND"
    STAGE = "STAGE"
    TIER = "TIER"
    OWNER = "OWNER"
    TEAM = "TEAM"


class AssignmentRole(StrEnum):
    PRODUCT_MANAGER = "PRODUCT_MANAGER"
    AI_ENGINEER = "AI_ENGINEER"
    DATA_SCIENTIST = "DATA_SCIENTIST"
    ML_OPS = "ML_OPS"
    DATA_ENGINEER = "DATA_ENGINEER"
    DESIGNER = "DESIGNER"
    SOFTWARE_ENGINEER = "SOFTWARE_ENGINEER"
    DOMAIN_EXPERT = "DOMAIN_EXPERT"
    RISK_OFFICER = "RISK_OFFICER"
    SPONSOR = "SPONSOR"
    OTHER = "OTHER"


class TimeBucket(StrEnum):
    WEEK = "WEEK"
    MONTH = "MONTH"


class ReportedStatus(StrEnum):
    ON_TRACK = "ON_TRACK"
    AT_RISK = "AT_RISK"
    OFF_TRACK = "OFF_TRACK"


class DivergenceKind(StrEnum):
    """How what is reported differs from what is measured."""

    OPTIMISTIC = "OPTIMISTIC"
    PESSIMISTIC = "PESSIMISTIC"
    STALE_REPORT = "STALE_REPORT"


class CustomFieldEntity(StrEnum):
    PRODUCT = "PRODUCT"
    INITIATIVE = "INITIATIVE"
    KPI = "KPI"


class CustomFieldType(StrEnum):
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    BOOLEAN = "BOOLEAN"
    CHOICE = "CHOICE"


class SavedViewEntity(StrEnum):
    PORTFOLIO = "PORTFOLIO"
    PRODUCT = "PRODUCT"
    INITIATIVE = "INITIATIVE"
    KPI = "KPI"


class SearchMatch(StrEnum):
    """In the order of hits."""

    KEY = "KEY"
    KEY_PREFIX = "KEY_PREFIX"
    NAME_PREFIX = "NAME_PREFIX"
    WORDS = "WORDS"


class JobKind(StrEnum):
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"


class JobState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class ApiKeyReviewReason(StrEnum):
    MAKER_LEFT = "MAKER_LEFT"
    MAKER_KEY_REVOKED = "MAKER_KEY_REVOKED"
