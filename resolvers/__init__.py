"""How what clients ask for is answered and changed: the table of contents of all changes."""

from strawberry.tools import create_type

from resolvers.connection.connection import (
    connection_archive,
    connection_create,
    connection_restore,
    connection_secret_rotate,
    connection_update,
)
from resolvers.connection.external_link import external_link_remove, external_link_set
from resolvers.connection.job import export_start, import_start, job_cancel
from resolvers.connection.linking_rule import linking_rule_archive, linking_rule_set
from resolvers.measurement.kpi import (
    kpi_archive,
    kpi_create,
    kpi_restore,
    kpi_target_set,
    kpi_update,
    kpi_upsert,
)
from resolvers.measurement.measurement import measurements_record
from resolvers.measurement.progress_snapshot import initiative_progress_record
from resolvers.organization.api_key import api_key_create, api_key_revoke
from resolvers.organization.custom_field import (
    custom_field_archive,
    custom_field_create,
    custom_field_restore,
    custom_field_update,
)
from resolvers.organization.custom_field_value import custom_field_value_set
from resolvers.organization.organization import organization_update
from resolvers.organization.service_account import (
    service_account_archive,
    service_account_create,
    service_account_restore,
    service_account_update,
)
from resolvers.people.assignment import (
    assignment_confirm,
    assignment_create,
    assignment_end,
    assignment_update,
    assignment_upsert,
)
from resolvers.people.membership import membership_end, membership_start, membership_upsert
from resolvers.people.person import (
    person_archive,
    person_create,
    person_restore,
    person_update,
    person_upsert,
)
from resolvers.people.person_skill import person_skill_set
from resolvers.people.skill import skill_archive, skill_create, skill_restore, skill_update, skill_upsert
from resolvers.people.skill_demand import skill_demand_set
from resolvers.people.team import team_archive, team_create, team_restore, team_update, team_upsert
from resolvers.portfolio.dependency import dependency_archive, dependency_create, dependency_update, dependency_upsert
from resolvers.portfolio.initiative import (
    initiative_archive,
    initiative_create,
    initiative_restore,
    initiative_update,
    initiative_upsert,
)
from resolvers.portfolio.label import label_archive, label_create, label_restore, label_update, label_upsert, labels_set
from resolvers.portfolio.milestone import (
    milestone_archive,
    milestone_create,
    milestone_restore,
    milestone_update,
    milestone_upsert,
)
from resolvers.portfolio.portfolio import (
    portfolio_archive,
    portfolio_create,
    portfolio_restore,
    portfolio_update,
    portfolio_upsert,
)
from resolvers.portfolio.product import (
    product_archive,
    product_create,
    product_restore,
    product_update,
    product_upsert,
)
from resolvers.portfolio.saved_view import saved_view_archive, saved_view_create, saved_view_restore, saved_view_update
from resolvers.portfolio.status_update import status_update_archive, status_update_create, status_update_upsert

_ORGANIZATION = [organization_update]
_PEOPLE = [person_create, person_update, person_upsert, person_archive, person_restore]
_SERVICE_ACCOUNTS = [
    service_account_create,
    service_account_update,
    service_account_archive,
    service_account_restore,
]
_API_KEYS = [api_key_create, api_key_revoke]
_PORTFOLIOS = [
    portfolio_create,
    portfolio_update,
    portfolio_upsert,
    portfolio_archive,
    portfolio_restore,
]
_PRODUCTS = [product_create, product_update, product_upsert, product_archive, product_restore]
_INITIATIVES = [
    initiative_create,
    initiative_update,
    initiative_upsert,
    initiative_archive,
    initiative_restore,
    initiative_progress_record,
]
_KPIS = [kpi_create, kpi_update, kpi_upsert, kpi_target_set, kpi_archive, kpi_restore]
_MEASUREMENTS = [measurements_record]
_TRACKERS = [
    connection_create,
    connection_update,
    connection_secret_rotate,
    connection_archive,
    connection_restore,
    linking_rule_set,
    linking_rule_archive,
    external_link_set,
    external_link_remove,
]
_TEAMS = [
    team_create,
    team_update,
    team_upsert,
    team_archive,
    team_restore,
    membership_start,
    membership_end,
    membership_upsert,
]
_SKILLS = [skill_create, skill_update, skill_upsert, skill_archive, skill_restore, person_skill_set, skill_demand_set]
_ASSIGNMENTS = [assignment_create, assignment_update, assignment_upsert, assignment_end, assignment_confirm]
_PLANS = [
    milestone_create,
    milestone_update,
    milestone_upsert,
    milestone_archive,
    milestone_restore,
    dependency_create,
    dependency_update,
    dependency_upsert,
    dependency_archive,
    status_update_create,
    status_update_upsert,
    status_update_archive,
    label_create,
    label_update,
    label_upsert,
    labels_set,
    label_archive,
    label_restore,
    custom_field_create,
    custom_field_update,
    custom_field_archive,
    custom_field_restore,
    custom_field_value_set,
    saved_view_create,
    saved_view_update,
    saved_view_archive,
    saved_view_restore,
]

_BULK = [import_start, export_start, job_cancel]

Mutation = create_type(
    "Mutation",
    [
        *_ORGANIZATION,
        *_PEOPLE,
        *_SERVICE_ACCOUNTS,
        *_API_KEYS,
        *_PORTFOLIOS,
        *_PRODUCTS,
        *_INITIATIVES,
        *_KPIS,
        *_MEASUREMENTS,
        *_TRACKERS,
        *_TEAMS,
        *_SKILLS,
        *_ASSIGNMENTS,
        *_PLANS,
        *_BULK,
    ],
    description="Everything that can be changed; each change is one transaction.",
)
