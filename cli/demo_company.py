"""Halden Group, a made-up company: its people, portfolios, products, KPIs, teams and reports."""

from collections.abc import Mapping
from dataclasses import dataclass

PEOPLE = {
    "mara.lindqvist": "Mara Lindqvist",
    "tomas.berg": "Tomas Berg",
    "aiko.tanaka": "Aiko Tanaka",
    "samuel.okafor": "Samuel Okafor",
    "lea.moreau": "Léa Moreau",
    "viktor.hahn": "Viktor Hahn",
    "priya.nair": "Priya Nair",
    "jonas.keller": "Jonas Keller",
    "ines.duarte": "Inês Duarte",
    "omar.haddad": "Omar Haddad",
    "sofia.rossi": "Sofia Rossi",
    "pavel.novak": "Pavel Novák",
    "grace.mwangi": "Grace Mwangi",
    "lars.nygaard": "Lars Nygaard",
    "yuki.sato": "Yuki Sato",
    "elena.petrova": "Elena Petrova",
}


@dataclass(frozen=True)
class DemoPortfolio:
    key: str
    name: str
    description: str
    owner: str
    parent: str | None = None
    importance: int = 100


PORTFOLIOS = [
    DemoPortfolio("CUSTOMER", "Customer intelligence", "Everything that a customer of Halden meets.", "mara.lindqvist"),
    DemoPortfolio("SERVICE", "Service and care", "Help after the sale.", "lea.moreau", "CUSTOMER", 60),
    DemoPortfolio("OPERATIONS", "Operations and risk", "Plants, supply and fraud.", "samuel.okafor", importance=80),
]


@dataclass(frozen=True)
class DemoProduct:
    """health: 1 runs well, 0 runs badly; turn: the week in which the trend turns, null: never."""

    key: str
    name: str
    description: str
    portfolio: str
    owner: str
    stage: str
    tier: str
    importance: int
    kpis: tuple[str, ...]
    initiatives: tuple[str, ...]
    health: float
    turn: int | None = None


PRODUCTS = [
    DemoProduct(
        "ADVISOR",
        "Shop advisor",
        "An assistant that helps to choose.",
        "CUSTOMER",
        "tomas.berg",
        "LIVE",
        "TIER_1",
        200,
        ("engagement", "conversion", "latency", "safety"),
        ("Voice input", "Answers with sources"),
        0.85,
    ),
    DemoProduct(
        "RANKER",
        "Recommendation ranker",
        "Orders what a customer sees first.",
        "CUSTOMER",
        "aiko.tanaka",
        "LIVE",
        "TIER_1",
        180,
        ("conversion", "revenue", "drift"),
        ("Two-tower retrieval",),
        0.35,
        16,
    ),
    DemoProduct(
        "PRICER",
        "Price optimizer",
        "Finds prices within the rules.",
        "CUSTOMER",
        "aiko.tanaka",
        "PILOT",
        "TIER_2",
        90,
        ("revenue", "fairness"),
        ("Elasticity by region", "Rule editor"),
        0.6,
    ),
    DemoProduct(
        "VISUALS",
        "Visual search",
        "Finds products from a photo.",
        "CUSTOMER",
        "priya.nair",
        "DEVELOPMENT",
        "TIER_3",
        60,
        ("model_performance",),
        ("Index of 4 million images",),
        0.5,
    ),
    DemoProduct(
        "CARE-BOT",
        "Care assistant",
        "Answers service questions before a person does.",
        "SERVICE",
        "lea.moreau",
        "LIVE",
        "TIER_1",
        160,
        ("adoption", "quality", "latency", "cost"),
        ("Handover with context", "Twelve languages"),
        0.25,
        12,
    ),
    DemoProduct(
        "TRIAGE",
        "Claim triage",
        "Sorts claims by what they need.",
        "SERVICE",
        "viktor.hahn",
        "LIVE",
        "TIER_2",
        120,
        ("model_performance", "cost"),
        ("Photos of damage",),
        0.8,
    ),
    DemoProduct(
        "ECHO",
        "Call summaries",
        "Writes up calls for the file.",
        "SERVICE",
        "lea.moreau",
        "PILOT",
        "TIER_3",
        50,
        ("quality", "adoption"),
        ("Consent and retention",),
        0.7,
    ),
    DemoProduct(
        "FORECAST",
        "Demand forecast",
        "Says what will be sold, by shop and day.",
        "OPERATIONS",
        "samuel.okafor",
        "LIVE",
        "TIER_1",
        180,
        ("model_performance", "drift", "cost"),
        ("Promotions as inputs", "Hourly horizon"),
        0.75,
    ),
    DemoProduct(
        "WATCHER",
        "Line inspection",
        "Sees faults on the production line.",
        "OPERATIONS",
        "jonas.keller",
        "LIVE",
        "TIER_1",
        140,
        ("model_performance", "reliability", "safety"),
        ("Second camera",),
        0.9,
    ),
    DemoProduct(
        "SHIELD",
        "Fraud shield",
        "Stops payments that are not what they seem.",
        "OPERATIONS",
        "viktor.hahn",
        "LIVE",
        "TIER_1",
        200,
        ("model_performance", "latency", "fairness"),
        ("Graph features", "Explanations for analysts"),
        0.55,
        20,
    ),
    DemoProduct(
        "ROUTES",
        "Route planner",
        "Plans deliveries around traffic.",
        "OPERATIONS",
        "jonas.keller",
        "SUNSET",
        "TIER_3",
        30,
        ("cost",),
        (),
        0.45,
    ),
    DemoProduct(
        "SCRIBE",
        "Contract reader",
        "Finds what matters in a contract.",
        "OPERATIONS",
        "priya.nair",
        "DISCOVERY",
        "TIER_4",
        20,
        (),
        ("Which contracts first",),
        0.5,
    ),
]


@dataclass(frozen=True)
class DemoTeam:
    """works_on: product → share of each member's time, 0 to 1."""

    key: str
    name: str
    lead: str
    members: tuple[str, ...]
    works_on: Mapping[str, float]


TEAMS = [
    DemoTeam(
        "RELEVANCE",
        "Relevance",
        "aiko.tanaka",
        ("tomas.berg", "ines.duarte", "omar.haddad", "pavel.novak"),
        {"RANKER": 0.4, "ADVISOR": 0.3, "PRICER": 0.2, "VISUALS": 0.1},
    ),
    # Promised to more than there is time for.
    DemoTeam(
        "CARE",
        "Care engineering",
        "lea.moreau",
        ("sofia.rossi", "grace.mwangi"),
        {"CARE-BOT": 0.7, "TRIAGE": 0.4, "ECHO": 0.3},
    ),
    DemoTeam(
        "PLANT",
        "Plant and payments",
        "jonas.keller",
        ("viktor.hahn", "lars.nygaard", "yuki.sato", "elena.petrova"),
        {"WATCHER": 0.4, "FORECAST": 0.3, "SHIELD": 0.3},
    ),
]

# What people say of a product. Two of these are green outside and red inside.
REPORTS = {
    "ADVISOR": ("ON_TRACK", "Voice input is in beta; usage keeps growing."),
    "RANKER": ("ON_TRACK", "The new retrieval is nearly there. Numbers will follow."),
    "CARE-BOT": ("ON_TRACK", "Twelve languages by spring. The team is confident."),
    "FORECAST": ("ON_TRACK", "Promotions are in. The horizon is next."),
    "SHIELD": ("AT_RISK", "Analysts ask for explanations before the next release."),
}


@dataclass(frozen=True)
class DemoKpi:
    """bad and good: where a product of health 0 and 1 stands. noise: as a share of the distance between them."""

    name: str
    category: str
    unit: str
    direction: str
    target: float
    red_at: float
    bad: float
    good: float
    digits: int = 1
    weekend: float = 0.0
    critical: bool = False


KPIS = {
    "engagement": DemoKpi(
        "Weekly active users", "ENGAGEMENT", "thousand users", "HIGHER", 120, 80, 70, 128, weekend=-0.06
    ),
    "conversion": DemoKpi(
        "Visits that end in a purchase", "CONVERSION", "%", "HIGHER", 4.2, 3.0, 2.7, 4.5, 2, weekend=0.04
    ),
    "revenue": DemoKpi("Revenue attributed", "REVENUE", "thousand EUR a day", "HIGHER", 85, 55, 48, 92, weekend=0.1),
    "cost": DemoKpi("Cost per thousand decisions", "COST", "EUR", "LOWER", 0.9, 1.6, 1.8, 0.8, 3),
    "latency": DemoKpi("Answer time, 95th percentile", "LATENCY", "ms", "LOWER", 800, 1500, 1700, 720, 0),
    "model_performance": DemoKpi(
        "F1 on the review sample", "MODEL_PERFORMANCE", "share", "HIGHER", 0.9, 0.78, 0.75, 0.93, 4
    ),
    "drift": DemoKpi("Population stability index", "DRIFT", "index", "LOWER", 0.1, 0.25, 0.3, 0.07, 3),
    "safety": DemoKpi("Harmful answers", "SAFETY", "per million", "LOWER", 2, 8, 11, 1.2, 2, critical=True),
    "fairness": DemoKpi("Approval gap between groups", "FAIRNESS", "percentage points", "LOWER", 2, 5, 6, 1.4, 2),
    "adoption": DemoKpi("Eligible cases handled", "ADOPTION", "%", "HIGHER", 60, 35, 28, 66),
    "quality": DemoKpi("Answers rated helpful", "QUALITY", "%", "HIGHER", 85, 65, 58, 90),
    "reliability": DemoKpi("Availability", "RELIABILITY", "%", "HIGHER", 99.9, 99.0, 98.6, 99.96, 3),
}


def kpi_key(product: DemoProduct, name: str) -> str:
    return f"{product.key}-{name.upper().replace('_', '-')}"


def initiative_key(product: DemoProduct, position: int) -> str:
    return f"{product.key}-I{position + 1}"
