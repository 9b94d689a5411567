"""Descriptions of the closed vocabularies, for clients."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import strawberry

from portfolio import enumerations as words

_TYPES = {
    words.LifecycleStage: "Stage of a product's life.",
    words.ProductTier: "How critical a product is to the business.",
    words.InitiativeState: "State of an initiative.",
    words.ProgressSource: "Where progress comes from.",
    words.KpiCategory: "Kind of outcome that a KPI measures; it decides the health dimension.",
    words.KpiDirection: "Which values of a KPI are good.",
    words.KpiValueMode: "How a KPI's value of today is taken from its measurements.",
    words.HealthBand: "Band of a score.",
    words.ConfidenceLevel: "Confidence in words.",
    words.HealthDimensionName: "Dimension of health.",
    words.Scope: "What a key may do.",
    words.TrackerSystem: "Tracker that can be connected.",
    words.WorkItemType: "Kind of work item.",
    words.WorkItemStateCategory: "State of a work item, the same for every tracker.",
    words.DeliveryStatus: "What became of a delivery.",
    words.LinkingRuleKind: "What a linking rule looks at.",
    words.EventSource: "Door through which a change came.",
    words.RollupGroup: "What a roll-up counts by.",
    words.AssignmentRole: "What somebody does in an assignment.",
    words.TimeBucket: "Length of the spans into which time is cut.",
    words.ReportedStatus: "Status as people report it; it weighs nothing in the score.",
    words.DivergenceKind: "How the reported status differs from the measured band.",
    words.CustomFieldEntity: "Kind of object that a custom field is for.",
    words.CustomFieldType: "Type of a custom field's values.",
    words.SavedViewEntity: "Kind of object that a saved view lists.",
    words.SearchMatch: "Why search found an object: the first that is true.",
    words.JobKind: "What a job does.",
    words.JobState: "How far a job is.",
    words.ApiKeyReviewReason: "Why somebody should look whether a key is still needed.",
}

_VALUES = {
    "IDEA": "An idea; not scored yet.",
    "DISCOVERY": "Being explored; not scored yet.",
    "DEVELOPMENT": "Being built.",
    "PILOT": "With first users.",
    "LIVE": "With all users.",
    "SUNSET": "Being phased out.",
    "RETIRED": "Gone; no longer scored.",
    "TIER_1": "The business stops without it.",
    "TIER_2": "The business suffers without it.",
    "TIER_3": "The business copes without it.",
    "TIER_4": "An experiment.",
    "PROPOSED": "Proposed; not scored.",
    "PLANNED": "Planned; scored from its start day on.",
    "ACTIVE": "Under way.",
    "PAUSED": "On hold; the clock runs on.",
    "COMPLETED": "Finished.",
    "CANCELED": "Given up; no scope any more.",
    "TRACKER": "Linked items of a tracker.",
    "SNAPSHOT": "Recorded with initiativeProgressRecord.",
    "ENGAGEMENT": "How much it is used; OUTCOMES.",
    "CONVERSION": "How often use leads to the wanted act; OUTCOMES.",
    "REVENUE": "Money earned; OUTCOMES.",
    "COST": "Money spent; OUTCOMES.",
    "LATENCY": "Time to answer; OUTCOMES.",
    "MODEL_PERFORMANCE": "Quality of a model; MODEL.",
    "DRIFT": "How far a model's data have moved; MODEL.",
    "SAFETY": "Harm avoided; RISK.",
    "FAIRNESS": "Equal treatment; RISK.",
    "ADOPTION": "How many use it at all; OUTCOMES.",
    "QUALITY": "Quality of the result; OUTCOMES.",
    "RELIABILITY": "How seldom it fails; OUTCOMES.",
    "HIGHER": "Higher is better.",
    "LOWER": "Lower is better.",
    "RANGE": "Inside the range is best.",
    "LAST": "Value of the newest day.",
    "MEDIAN3": "Median of the newest three days.",
    "HEALTHY": "Score 80 or more.",
    "WATCH": "Score 60 to 80.",
    "AT_RISK": "Score 40 to 60.",
    "CRITICAL": "Score under 40.",
    "UNKNOWN": "Too little is known to say.",
    "HIGH": "75 or more.",
    "MEDIUM": "50 to 75.",
    "LOW": "25 to 50.",
    "VERY_LOW": "Under 25.",
    "OUTCOMES": "What the product achieves: its KPIs.",
    "DELIVERY": "Whether work arrives on time.",
    "MODEL": "Whether its models are good and current.",
    "RISK": "Whether its risks are in hand.",
    "TEAM": "Whether people are there to do it.",
    "FEEDBACK": "What users say.",
    "STAKEHOLDER": "What is reported; weighs nothing by default.",
    "CHILDREN": "Health of what lies below.",
    "READ": "Read everything that the key sees.",
    "WRITE": "Change portfolios, products, initiatives, KPIs and people.",
    "INGEST": "Record measurements and progress, and nothing else.",
    "ADMIN": "Manage keys, service accounts, connections and the organization.",
    "GITHUB": "GitHub issues and milestones.",
    "EPIC": "A large piece of work.",
    "STORY": "A piece of work for a user.",
    "TASK": "A piece of work.",
    "BUG": "Something that is wrong.",
    "SUBTASK": "A part of another item.",
    "INCIDENT": "Something that failed in operation.",
    "REQUIREMENT": "Something that is asked for.",
    "OTHER": "Anything else.",
    "TRIAGE": "Not looked at yet.",
    "BACKLOG": "Not planned yet.",
    "TODO": "Planned, not started.",
    "IN_PROGRESS": "Being worked on.",
    "DONE": "Done.",
    "NEW": "Not looked at yet.",
    "APPLIED": "Its news is in.",
    "SUPERSEDED": "Older than what was known already.",
    "IGNORED": "Nothing that is mirrored here; the reason says why.",
    "DEAD": "Given up after several tries; the reason says why.",
    "MILESTONE": "Milestone of the item.",
    "LABEL": "Label of the item.",
    "EXPLICIT": "The item itself, by its key.",
    "API": "GraphQL.",
    "WEBHOOK": "A tracker's webhook.",
    "WORKER": "A worker.",
    "COMMAND": "The command line.",
    "BAND": "Health band.",
    "STAGE": "Lifecycle stage.",
    "TIER": "Tier; every product has one.",
    "OWNER": "Person who answers for the product.",
    "PRODUCT_MANAGER": "Decides what is built.",
    "AI_ENGINEER": "Builds with models.",
    "DATA_SCIENTIST": "Makes and measures models.",
    "ML_OPS": "Runs models.",
    "DATA_ENGINEER": "Brings the data.",
    "DESIGNER": "Shapes how it is used.",
    "SOFTWARE_ENGINEER": "Builds the software around it.",
    "DOMAIN_EXPERT": "Knows the field.",
    "RISK_OFFICER": "Watches risks and duties.",
    "SPONSOR": "Answers for money and support.",
    "WEEK": "Weeks, as the organization begins them.",
    "MONTH": "Calendar months.",
    "ON_TRACK": "All is well, somebody says.",
    "OFF_TRACK": "It will not be reached, somebody says.",
    "OPTIMISTIC": "Reported better than measured: ON_TRACK at AT_RISK or CRITICAL, AT_RISK at CRITICAL.",
    "PESSIMISTIC": "Reported worse than measured: OFF_TRACK at WATCH or HEALTHY, AT_RISK at HEALTHY.",
    "STALE_REPORT": "The latest report is more than 14 days old.",
    "TEXT": "One line of text.",
    "NUMBER": "A number.",
    "DATE": "A day.",
    "BOOLEAN": "True or false.",
    "CHOICE": "One of the field's choices.",
    "PORTFOLIO": "Portfolios.",
    "PRODUCT": "Products.",
    "INITIATIVE": "Initiatives.",
    "KPI": "KPIs.",
    "ORGANIZATION": "The organization itself.",
    "PERSON": "People.",
    "SKILL": "Skills.",
    "KEY": "The query is its key.",
    "KEY_PREFIX": "Its key begins with the query.",
    "NAME_PREFIX": "Its name begins with the query.",
    "WORDS": "Each word asked begins a word of its key or name.",
    "IMPORT": "It applies JSON lines.",
    "EXPORT": "It writes everything as JSON lines.",
    "QUEUED": "It waits for a worker.",
    "RUNNING": "It is under way.",
    "FAILED": "It broke off; its error says why.",
    "MAKER_LEFT": "Who made it has left: that person or service account is archived.",
    "MAKER_KEY_REVOKED": "The key with which it was made was revoked.",
}

# A value whose meaning depends on its type.
_EXCEPTIONS = {
    (words.WorkItemStateCategory, "CANCELED"): "Will not be done; no scope any more.",
    (
        words.WorkItemStateCategory,
        "UNKNOWN",
    ): "A state that is not mapped; counts as scope that is not done.",
    (words.EventSource, "INGEST"): "Streaming ingest.",
    (words.AssignmentRole, "OTHER"): "Anything else.",
    (words.JobState, "COMPLETED"): "It came to its end; lines that were refused are counted.",
    (words.JobState, "CANCELED"): "It was called off; what it had done by then stands.",
    (words.ReportedStatus, "AT_RISK"): "It may not be reached, somebody says.",
    (
        words.RollupGroup,
        "TEAM",
    ): "Team with an assignment to the product itself that is open today. A product counts under each of its teams, so"
    " that the counts may add up to more than there are products.",
}


Enumeration = TypeVar("Enumeration", bound=type[StrEnum])


def described(description: str, **values: str) -> Callable[[Enumeration], Enumeration]:
    """Registers an enumeration, in place, with what it is and what each of its values means."""

    def register(enumeration: Enumeration) -> Enumeration:
        strawberry.enum(enumeration, description=description)
        definition: Any = getattr(enumeration, "__strawberry_definition__")  # noqa: B009 - its type does not tell it
        for value in definition.values:
            value.description = values[value.name]
        return enumeration

    return register


def _describe(enumeration: type[StrEnum], name: str) -> str:
    return _EXCEPTIONS.get((enumeration, name)) or _VALUES[name]


for _enumeration, _description in _TYPES.items():
    described(_description, **{_name: _describe(_enumeration, _name) for _name in _enumeration.__members__})(
        _enumeration
    )
