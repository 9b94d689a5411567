"""What clients may ask for: one file an entity. This is the table of contents."""

import strawberry

import schema.enumerations  # noqa: F401  # pyright: ignore[reportUnusedImport] - registers them before a type uses one
from compiler.declare import refetch
from schema.api_key import ApiKey, ApiKeyQuery
from schema.assignment import Assignment, AssignmentQuery
from schema.connection import Connection, ConnectionQuery
from schema.custom_field import CustomField, CustomFieldQuery
from schema.delivery import Delivery
from schema.dependency import Dependency, DependencyQuery
from schema.event import Event, EventQuery
from schema.external_link import ExternalLink, ExternalLinkQuery
from schema.initiative import Initiative, InitiativeQuery
from schema.job import Job, JobQuery
from schema.kpi import Kpi, KpiQuery
from schema.kpi_target import KpiTarget
from schema.label import Label, LabelQuery
from schema.linking_rule import LinkingRule, LinkingRuleQuery
from schema.measurement import Measurement, MeasurementQuery
from schema.membership import Membership, MembershipQuery
from schema.milestone import Milestone, MilestoneQuery
from schema.node import Node
from schema.organization import Organization, OrganizationQuery
from schema.person import Person, PersonQuery
from schema.person_skill import PersonSkill, PersonSkillQuery
from schema.portfolio import Portfolio, PortfolioQuery
from schema.product import Product, ProductQuery
from schema.progress_snapshot import ProgressSnapshot
from schema.saved_view import SavedView, SavedViewQuery
from schema.search import SearchQuery
from schema.service_account import ServiceAccount, ServiceAccountQuery
from schema.skill import Skill, SkillQuery
from schema.skill_demand import SkillDemand, SkillDemandQuery
from schema.status_update import StatusUpdate, StatusUpdateQuery
from schema.team import Team, TeamQuery
from schema.viewer import ViewerQuery
from schema.work_item import WorkItem, WorkItemQuery

ENTITIES = [
    Organization,
    Portfolio,
    Product,
    Initiative,
    ProgressSnapshot,
    Kpi,
    KpiTarget,
    Measurement,
    Person,
    ServiceAccount,
    ApiKey,
    Connection,
    Delivery,
    WorkItem,
    LinkingRule,
    Event,
    Team,
    Membership,
    Skill,
    PersonSkill,
    SkillDemand,
    Assignment,
    Milestone,
    Dependency,
    StatusUpdate,
    Label,
    CustomField,
    SavedView,
    ExternalLink,
    Job,
]


@strawberry.type(description="Everything that can be read. An operation is one statement on one snapshot of the data.")
class Query(
    ViewerQuery,
    OrganizationQuery,
    PortfolioQuery,
    ProductQuery,
    InitiativeQuery,
    KpiQuery,
    MeasurementQuery,
    PersonQuery,
    ServiceAccountQuery,
    ApiKeyQuery,
    ConnectionQuery,
    WorkItemQuery,
    LinkingRuleQuery,
    EventQuery,
    TeamQuery,
    MembershipQuery,
    SkillQuery,
    PersonSkillQuery,
    SkillDemandQuery,
    AssignmentQuery,
    MilestoneQuery,
    DependencyQuery,
    StatusUpdateQuery,
    LabelQuery,
    CustomFieldQuery,
    SavedViewQuery,
    SearchQuery,
    ExternalLinkQuery,
    JobQuery,
):
    node = refetch(Node, "Object of any type by its id; null when there is none that you may see.", many=False)
    nodes = refetch(
        Node,
        "Objects of any type by their ids, in the order asked; null for each that is not there or that you may not see.",
        many=True,
    )
