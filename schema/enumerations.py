"""Descriptions of the closed vocabularies, for clients."""

from enum import StrEnum

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
}


def describe_enumerations() -> None:
    """Registers every enumeration with Strawberry, in place, with a description for each value."""
    for enumeration, description in _TYPES.items():
        strawberry.enum(enumeration, description=description)
        definition = enumeration.__strawberry_definition__
        for value in definition.values:
            value.description = _describe(enumeration, value.name)


def _describe(enumeration: type[StrEnum], name: str) -> str:
    return _EXCEPTIONS.get((enumeration, name)) or _VALUES[name]


describe_enumerations()
