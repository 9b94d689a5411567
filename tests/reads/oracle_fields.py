"""What every field means, in plain Python over whole rows: the oracle's own map, written from the descriptions.

Whatever is not named here is the column of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.reads import oracle_people as people
from tests.reads import oracle_plans as plans

if TYPE_CHECKING:
    from tests.reads.oracle import View

Row = Mapping[str, Any]

TABLES = {
    "Organization": "organization",
    "Portfolio": "portfolio",
    "Product": "product",
    "Initiative": "initiative",
    "ProgressSnapshot": "progress_snapshot",
    "Kpi": "kpi",
    "KpiTarget": "kpi_target",
    "Measurement": "measurement",
    "Person": "person",
    "ServiceAccount": "service_account",
    "ApiKey": "api_key",
    "Connection": "connection",
    "Delivery": "delivery",
    "WorkItem": "work_item",
    "LinkingRule": "linking_rule",
    "Event": "sealed_event",
    "Team": "team",
    "Membership": "membership",
    "Skill": "skill",
    "PersonSkill": "person_skill",
    "SkillDemand": "skill_demand",
    "Assignment": "assignment",
    "Milestone": "milestone",
    "Dependency": "dependency",
    "StatusUpdate": "status_update",
    "Label": "label",
    "CustomField": "custom_field",
    "SavedView": "saved_view",
    "ExternalLink": "external_link",
    "Job": "job",
}
PREFIXES = {
    "Organization": "org",
    "Portfolio": "pfl",
    "Product": "prd",
    "Initiative": "ini",
    "ProgressSnapshot": "prs",
    "Kpi": "kpi",
    "KpiTarget": "tgt",
    "Measurement": "msr",
    "Person": "per",
    "ServiceAccount": "sva",
    "ApiKey": "key",
    "Connection": "con",
    "Delivery": "dlv",
    "WorkItem": "wki",
    "LinkingRule": "lrl",
    "Event": "evt",
    "Team": "tea",
    "Membership": "mbr",
    "Skill": "skl",
    "PersonSkill": "psk",
    "SkillDemand": "skd",
    "Assignment": "asg",
    "Milestone": "mls",
    "Dependency": "dep",
    "StatusUpdate": "stu",
    "Label": "lbl",
    "CustomField": "cfd",
    "SavedView": "svw",
    "ExternalLink": "lnk",
    "Job": "job",
}
LINKED = ("Portfolio", "Product", "Initiative", "Kpi", "Person", "Team", "Membership", "Skill", "Assignment")
LINKED += ("Milestone", "Dependency", "StatusUpdate", "Label")
TYPE_OF_PREFIX = {prefix: name for name, prefix in PREFIXES.items()}
TYPE_OF_KIND = {"KPI": "Kpi", **{name.upper(): name for name in ("Organization", "Portfolio", "Product", "Initiative")}}
ENTITY_PREFIX = {table.upper(): PREFIXES[name] for name, table in TABLES.items()}


def public_id(type_name: str, value: UUID | None) -> str | None:
    return None if value is None else f"{PREFIXES[type_name]}_{value}"


# Who sees what, for a viewer that is limited to portfolios -----------------------------------------

VISIBLE: dict[str, Callable[[View, Row], bool]] = {
    "Organization": lambda _, __: True,
    "Portfolio": lambda view, row: row["id"] in view.granted,
    "Product": lambda view, row: row["portfolio_id"] in view.granted,
    "Initiative": lambda view, row: row["portfolio_id"] in view.granted,
    "ProgressSnapshot": lambda view, row: view.home(row["initiative_id"]) in view.granted,
    "LinkingRule": lambda view, row: view.home(row["initiative_id"]) in view.granted,
    "Kpi": lambda view, row: view.home(row["subject_id"]) in view.granted,
    "KpiTarget": lambda view, row: view.sees("Kpi", view.find("Kpi", row["kpi_id"])),
    "Measurement": lambda view, row: view.sees("Kpi", view.find("Kpi", row["kpi_id"])),
    "Person": lambda view, row: (
        any(
            owned["owner_id"] == row["id"] and view.sees(name, owned)
            for name in ("Portfolio", "Product", "Initiative")
            for owned in view.all(name)
        )
        or people.is_assigned_in_sight(view, "person_id", row["id"])
    ),
    "ServiceAccount": lambda _, __: False,
    "Connection": lambda _, __: False,
    "Delivery": lambda _, __: False,
    "ApiKey": lambda view, row: row["id"] == view.viewer.key_id,
    "WorkItem": lambda view, row: any(view.home(link["initiative_id"]) in view.granted for link in view.links(row)),
    "Event": lambda view, row: row["portfolio_id"] in view.granted,
    "Health": lambda view, row: view.home(row["node_id"]) in view.granted,
    "Team": lambda view, row: people.is_assigned_in_sight(view, "team_id", row["id"]),
    "Membership": lambda view, row: (
        view.sees("Team", view.find("Team", row["team_id"]))
        and view.sees("Person", view.find("Person", row["person_id"]))
    ),
    "Skill": lambda _, __: True,
    "PersonSkill": lambda view, row: view.sees("Person", view.find("Person", row["person_id"])),
    "SkillDemand": lambda view, row: view.home(row["subject_id"]) in view.granted,
    "Assignment": lambda view, row: view.home(row["subject_id"]) in view.granted,
    "Milestone": lambda view, row: view.home(row["initiative_id"]) in view.granted,
    "Dependency": lambda view, row: any(view.home(row[end]) in view.granted for end in ("blocker_id", "blocked_id")),
    "StatusUpdate": lambda view, row: view.home(row["subject_id"]) in view.granted,
    "Label": lambda _, __: True,
    "CustomField": lambda _, __: True,
    "SavedView": lambda view, row: view.viewer.holder_id in (row["person_id"], row["service_account_id"]),
    "ExternalLink": lambda view, row: (
        view.sees(TYPE_OF_PREFIX[ENTITY_PREFIX[row["kind"]]], linked_object(view, row))
        if row["subject_id"] is None
        else view.home(row["subject_id"]) in view.granted
    ),
    "Job": lambda view, row: row["key_id"] == view.viewer.key_id,
}
# Who sees what, for every viewer.
FENCES: dict[str, Callable[[View, Row], bool]] = {
    "SavedView": lambda view, row: row["shared_at"] is not None or VISIBLE["SavedView"](view, row),
}


def linked_object(view: View, link: Row) -> Row | None:
    return view.find(TYPE_OF_PREFIX[ENTITY_PREFIX[link["kind"]]], link["node_id"])


def labels_of(view: View, row: Row) -> set[UUID]:
    return {link["label_id"] for link in view.rows("label_assignment") if link["subject_id"] == row["id"]}


def is_between(view: View, update: Row, event: Row) -> bool:
    """Whether an event lies between a status update and the one before it."""
    moments = [
        other["reported_at"]
        for other in view.rows("status_update")
        if other["subject_id"] == update["subject_id"]
        and other["archived_at"] is None
        and other["reported_at"] < update["reported_at"]
    ]
    after = not moments or event["occurred_at"] > max(moments)
    return event["subject_id"] == update["subject_id"] and after and event["occurred_at"] < update["reported_at"]


# Lists: node type, which rows belong, default order -------------------------------------------------

ListOf = tuple[str, Callable[["View", Row, Row], bool], str]


def _everything(type_name: str, order: str = "ID") -> ListOf:
    return type_name, lambda _, __, ___: True, order


def _pointing(type_name: str, column: str, order: str = "ID") -> ListOf:
    return type_name, lambda _, row, other: other[column] == row["id"], order


LISTS: dict[str, ListOf] = {
    "Query.portfolios": _everything("Portfolio"),
    "Query.products": _everything("Product"),
    "Query.initiatives": _everything("Initiative"),
    "Query.kpis": _everything("Kpi"),
    "Query.measurements": _everything("Measurement"),
    "Query.persons": _everything("Person"),
    "Query.serviceAccounts": _everything("ServiceAccount"),
    "Query.apiKeys": _everything("ApiKey"),
    "Query.connections": _everything("Connection"),
    "Query.workItems": _everything("WorkItem"),
    "Query.linkingRules": _everything("LinkingRule"),
    "Query.events": _everything("Event", "SEQUENCE"),
    "Query.teams": _everything("Team"),
    "Query.memberships": _everything("Membership"),
    "Query.skills": _everything("Skill"),
    "Query.personSkills": _everything("PersonSkill"),
    "Query.skillDemands": _everything("SkillDemand"),
    "Query.assignments": _everything("Assignment"),
    "Team.children": _pointing("Team", "parent_id"),
    "Team.memberships": _pointing("Membership", "team_id"),
    "Team.assignments": _pointing("Assignment", "team_id"),
    "Person.ledTeams": _pointing("Team", "lead_id"),
    "Person.memberships": _pointing("Membership", "person_id"),
    "Person.skills": _pointing("PersonSkill", "person_id"),
    "Person.assignments": _pointing("Assignment", "person_id"),
    "Skill.people": _pointing("PersonSkill", "skill_id"),
    "Skill.demands": _pointing("SkillDemand", "skill_id"),
    **{
        f"{name}.{field}": _pointing(type_name, "subject_id")
        for name in ("Organization", "Portfolio", "Product", "Initiative")
        for field, type_name in (("assignments", "Assignment"), ("skillDemands", "SkillDemand"))
    },
    "Organization.portfolios": ("Portfolio", lambda _, __, other: other["parent_id"] is None, "ID"),
    "Organization.kpis": _pointing("Kpi", "subject_id"),
    "Organization.events": _pointing("Event", "subject_id", "SEQUENCE"),
    "Portfolio.children": _pointing("Portfolio", "parent_id"),
    "Portfolio.products": _pointing("Product", "portfolio_id"),
    "Portfolio.initiatives": _pointing("Initiative", "portfolio_id"),
    "Portfolio.kpis": _pointing("Kpi", "subject_id"),
    "Portfolio.events": _pointing("Event", "subject_id", "SEQUENCE"),
    "Product.initiatives": ("Initiative", lambda view, row, other: view.works_on(other, row), "ID"),
    "Product.kpis": _pointing("Kpi", "subject_id"),
    "Product.events": _pointing("Event", "subject_id", "SEQUENCE"),
    "Initiative.products": ("Product", lambda view, row, other: view.works_on(row, other), "ID"),
    "Initiative.kpis": _pointing("Kpi", "subject_id"),
    "Initiative.workItems": (
        "WorkItem",
        lambda view, row, other: any(link["initiative_id"] == row["id"] for link in view.links(other)),
        "ID",
    ),
    "Initiative.linkingRules": _pointing("LinkingRule", "initiative_id"),
    "Initiative.progressSnapshots": _pointing("ProgressSnapshot", "initiative_id", "OBSERVED_AT desc"),
    "Initiative.events": _pointing("Event", "subject_id", "SEQUENCE"),
    "Kpi.targets": _pointing("KpiTarget", "kpi_id", "RECORDED_AT desc"),
    "Kpi.measurements": _pointing("Measurement", "kpi_id", "OBSERVED_AT desc"),
    "Person.portfolios": _pointing("Portfolio", "owner_id"),
    "Person.products": _pointing("Product", "owner_id"),
    "Person.initiatives": _pointing("Initiative", "owner_id"),
    "Person.apiKeys": _pointing("ApiKey", "person_id"),
    "ServiceAccount.apiKeys": _pointing("ApiKey", "service_account_id"),
    "ApiKey.grantedPortfolios": (
        "Portfolio",
        lambda _, row, other: other["id"] in (row["granted_portfolio_ids"] or ()),
        "ID",
    ),
    "Connection.deliveries": _pointing("Delivery", "connection_id", "RECEIVED_AT desc"),
    "Connection.workItems": _pointing("WorkItem", "connection_id"),
    "Connection.linkingRules": _pointing("LinkingRule", "connection_id"),
    "WorkItem.initiatives": (
        "Initiative",
        lambda view, row, other: any(link["initiative_id"] == other["id"] for link in view.links(row)),
        "ID",
    ),
    "Query.milestones": _everything("Milestone", "DUE_ON"),
    "Query.dependencies": _everything("Dependency"),
    "Query.statusUpdates": _everything("StatusUpdate", "REPORTED_AT desc"),
    "Query.labels": _everything("Label", "NAME"),
    "Query.customFields": _everything("CustomField"),
    "Query.savedViews": _everything("SavedView", "NAME"),
    "Query.jobs": _everything("Job", "CREATED_AT desc"),
    **{
        f"{name}.statusUpdates": _pointing("StatusUpdate", "subject_id", "REPORTED_AT desc")
        for name in ("Organization", "Portfolio", "Product", "Initiative")
    },
    "Initiative.milestones": _pointing("Milestone", "initiative_id", "DUE_ON"),
    "Initiative.blockers": _pointing("Dependency", "blocked_id"),
    "Initiative.blocks": _pointing("Dependency", "blocker_id"),
    "Product.labels": ("Label", lambda view, row, other: other["id"] in labels_of(view, row), "NAME"),
    "Initiative.labels": ("Label", lambda view, row, other: other["id"] in labels_of(view, row), "NAME"),
    "Label.products": ("Product", lambda view, row, other: row["id"] in labels_of(view, other), "ID"),
    "Label.initiatives": ("Initiative", lambda view, row, other: row["id"] in labels_of(view, other), "ID"),
    "StatusUpdate.changesSincePrevious": (
        "Event",
        is_between,
        "SEQUENCE",
    ),
    "Person.statusUpdates": _pointing("StatusUpdate", "author_person_id", "REPORTED_AT desc"),
    "Person.savedViews": _pointing("SavedView", "person_id", "NAME"),
    "ServiceAccount.statusUpdates": _pointing("StatusUpdate", "author_service_account_id", "REPORTED_AT desc"),
    "ServiceAccount.savedViews": _pointing("SavedView", "service_account_id", "NAME"),
    "ServiceAccount.externalLinks": _pointing("ExternalLink", "service_account_id"),
    "Query.externalLinks": _everything("ExternalLink"),
    **{f"{name}.externalLinks": _pointing("ExternalLink", "node_id") for name in LINKED},
}


# Single related objects: type, and the column that holds its id. The wall stands before each unless said otherwise.

ONES: dict[str, tuple[str, str]] = {
    "Portfolio.parent": ("Portfolio", "parent_id"),
    "Portfolio.owner": ("Person", "owner_id"),
    "Product.portfolio": ("Portfolio", "portfolio_id"),
    "Product.owner": ("Person", "owner_id"),
    "Initiative.portfolio": ("Portfolio", "portfolio_id"),
    "Initiative.owner": ("Person", "owner_id"),
    "InitiativeProduct.product": ("Product", "product_id"),
    "ProgressSnapshot.initiative": ("Initiative", "initiative_id"),
    "Kpi.latestMeasurement": ("Measurement", "latest_measurement_id"),
    "Kpi.target": ("KpiTarget", "target_id"),
    "KpiTarget.kpi": ("Kpi", "kpi_id"),
    "Measurement.kpi": ("Kpi", "kpi_id"),
    "Measurement.supersedes": ("Measurement", "supersedes_id"),
    "ApiKey.person": ("Person", "person_id"),
    "ApiKey.serviceAccount": ("ServiceAccount", "service_account_id"),
    "Viewer.key": ("ApiKey", "id"),
    "Viewer.person": ("Person", "person_id"),
    "Viewer.serviceAccount": ("ServiceAccount", "service_account_id"),
    "Viewer.organization": ("Organization", "tenant_id"),
    "Query.organization": ("Organization", "tenant_id"),
    "Delivery.connection": ("Connection", "connection_id"),
    "WorkItem.connection": ("Connection", "connection_id"),
    "LinkingRule.connection": ("Connection", "connection_id"),
    "LinkingRule.initiative": ("Initiative", "initiative_id"),
    "EventActor.person": ("Person", "actor_person_id"),
    "EventActor.serviceAccount": ("ServiceAccount", "actor_service_account_id"),
    "Team.parent": ("Team", "parent_id"),
    "Team.lead": ("Person", "lead_id"),
    "Membership.team": ("Team", "team_id"),
    "Membership.person": ("Person", "person_id"),
    "PersonSkill.person": ("Person", "person_id"),
    "PersonSkill.skill": ("Skill", "skill_id"),
    "SkillDemand.skill": ("Skill", "skill_id"),
    "SkillGap.skill": ("Skill", "skill_id"),
    "Assignment.person": ("Person", "person_id"),
    "Assignment.team": ("Team", "team_id"),
    "Milestone.initiative": ("Initiative", "initiative_id"),
    "Dependency.blocker": ("Initiative", "blocker_id"),
    "Dependency.blocked": ("Initiative", "blocked_id"),
    "StatusUpdateAuthor.person": ("Person", "author_person_id"),
    "StatusUpdateAuthor.serviceAccount": ("ServiceAccount", "author_service_account_id"),
    "CustomFieldValue.field": ("CustomField", "custom_field_id"),
    "SavedView.person": ("Person", "person_id"),
    "SavedView.serviceAccount": ("ServiceAccount", "service_account_id"),
    "Job.person": ("Person", "person_id"),
    "Job.serviceAccount": ("ServiceAccount", "service_account_id"),
    "DataGap.kpi": ("Kpi", "kpi_id"),
    "RollupBucket.owner": ("Person", "owner_id"),
    "RollupBucket.team": ("Team", "team_id"),
    "ExternalLink.serviceAccount": ("ServiceAccount", "service_account_id"),
}
# A key tells its holder's name even to a viewer who does not see the holder elsewhere.
NO_WALL = {"ApiKey.person", "ApiKey.serviceAccount", "Viewer.person", "Viewer.serviceAccount", "Viewer.key"}

SUBJECTS = {
    *("Kpi.subject", "Event.subject", "SkillDemand.subject", "Assignment.subject"),
    *("StatusUpdate.subject", "DataGap.subject", "Mover.subject"),
    "ExternalLink.subject",
}
PARTS = {"StatusUpdate.author", "Event.actor", "Initiative.progress", "Health.range"}

# Scalars that are not the column of their name ------------------------------------------------------


def _ratio(row: Row) -> Decimal | None:
    done, total = row["done_scope"], row["total_scope"]
    return None if done is None or not total else _rounded(done / total)


def _schedule(row: Row) -> Decimal | None:
    text = row.get("schedule_performance")
    if text is None:
        return None
    numerator, _, denominator = text.partition("/")
    return _rounded(Decimal(numerator) / Decimal(denominator or 1))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def _finish(row: Row) -> Decimal | None:
    probability = row.get("finish_probability_mp")
    return None if probability is None else Decimal(probability) / 100_000


def _key_id(view: View, row: Row) -> str | None:
    hidden = view.restricted and row["actor_key_id"] != view.viewer.key_id
    return None if hidden else public_id("ApiKey", row["actor_key_id"])


def is_violated(view: View, row: Row) -> bool | None:
    """Null: an end is hidden from the viewer."""
    blocker, blocked = (view.find("Initiative", row[end]) for end in ("blocker_id", "blocked_id"))
    assert blocker is not None
    assert blocked is not None
    if not (view.sees("Initiative", blocker) and view.sees("Initiative", blocked)):
        return None
    if blocked["state"] in ("COMPLETED", "CANCELED") or blocker["state"] == "COMPLETED":
        return False
    ends, begins = blocker["target_on"], blocked["start_on"]
    is_late = ends is not None and (ends < view.day(None) or (begins is not None and ends > begins))
    return blocker["state"] == "CANCELED" or is_late


def review_reason(view: View, row: Row) -> str | None:
    maker = next((key for key in view.rows("api_key") if key["id"] == row.get("maker_key_id")), None)
    if maker is None or row["revoked_at"] is not None or row["expires_at"] <= view.now:
        return None
    holders = [*view.rows("person"), *view.rows("service_account")]
    if any(h["archived_at"] for h in holders if h["id"] in (maker["person_id"], maker["service_account_id"])):
        return "MAKER_LEFT"
    return None if maker["revoked_at"] is None else "MAKER_KEY_REVOKED"


SCALARS: dict[str, Callable[[View, Row], Any]] = {
    "ApiKey.reviewReason": review_reason,
    "ApiKey.isRestricted": lambda _, row: row["granted_portfolio_ids"] is not None,
    "Connection.webhookPath": lambda _, row: f"/webhooks/con_{row['id']}",
    "Connection.liveSecretCount": lambda view, row: sum(
        secret["connection_id"] == row["id"] and secret["retired_at"] is None
        for secret in view.rows("connection_secret")
    ),
    "WorkItem.hasCompleteSource": lambda _, row: row["source_complete"],
    "Kpi.waivedThroughOn": lambda _, row: row["waived_until"],
    "InitiativeProgress.source": lambda _, row: row["progress_source"],
    "InitiativeProgress.ratio": lambda _, row: _ratio(row),
    "InitiativeProgress.observedOn": lambda _, row: row["progress_observed_on"],
    "Event.entityId": lambda _, row: f"{ENTITY_PREFIX[row['entity_kind']]}_{row['entity_id']}",
    "ExternalLink.entityKind": lambda _, row: row["kind"],
    "ExternalLink.entityId": lambda _, row: f"{ENTITY_PREFIX[row['kind']]}_{row['node_id']}",
    "EventActor.keyId": _key_id,
    "EventActor.requestId": lambda _, row: row["request_id"],
    "Health.score": lambda _, row: row.get("score_mp"),
    "Health.provisionalScore": lambda _, row: row.get("provisional_mp"),
    "Health.band": lambda _, row: row.get("band", "UNKNOWN"),
    "Health.coverage": lambda _, row: row.get("coverage_mp", 0),
    "Health.freshness": lambda _, row: row.get("freshness_mp", 0),
    "Health.confidence": lambda _, row: row.get("confidence_mp", 0),
    "Health.confidenceLevel": lambda _, row: row.get("confidence_level", "VERY_LOW"),
    "Health.finishProbability": lambda _, row: _finish(row),
    "Health.schedulePerformance": lambda _, row: _schedule(row),
    "Health.fingerprint": lambda _, row: row["fingerprint"].hex() if row.get("fingerprint") else None,
    "Health.recomputePending": lambda view, row: view.is_pending(row["parent_id_of_health"]),
    "HealthRange.low": lambda _, row: row.get("low_mp", 0),
    "HealthRange.high": lambda _, row: row.get("high_mp", 100_000),
    "HealthPoint.score": lambda _, row: row["score_mp"],
    "HealthPoint.low": lambda _, row: row["low_mp"],
    "HealthPoint.high": lambda _, row: row["high_mp"],
    "HealthPoint.coverage": lambda _, row: row["coverage_mp"],
    "HealthPoint.confidence": lambda _, row: row["confidence_mp"],
    "Dependency.isViolated": is_violated,
    "Dependency.note": lambda view, row: row["note"] if is_violated(view, row) is not None else None,
    "Divergence.kind": lambda _, row: row["divergence"],
    "Divergence.since": lambda _, row: row["diverged_on"],
    "Job.isDryRun": lambda _, row: row["dry_run"],
    "Job.progressPercent": lambda _, row: plans.progress_percent(row),
    "Job.downloadPath": plans.download_path,
    "CustomFieldValue.text": lambda _, row: row["text_value"],
    "CustomFieldValue.number": lambda _, row: row["number_value"],
    "CustomFieldValue.on": lambda _, row: row["day_value"],
    "CustomFieldValue.boolean": lambda _, row: row["boolean_value"],
    "CustomFieldValue.choice": lambda _, row: row["choice_value"],
    **{
        f"{name}.{field}": lambda view, row, column=column: view.report(row["id"]).get(column)
        for name in ("Organization", "Portfolio", "Product", "Initiative")
        for field, column in (("reportedStatus", "reported_status"), ("reportedAt", "reported_at"))
    },
}


# What filters and orders compare, where it is not the column of that name ---------------------------

ORDERS = {"NAME": "name_key", "HEALTH_SCORE": "health_score_mp"}
FILTERED_IDS = {
    "portfolioId": "pfl",
    "ownerId": "per",
    "parentId": "pfl",
    "kpiId": "kpi",
    "subjectId": None,
    "initiativeId": "ini",
    "blockerId": "ini",
    "blockedId": "ini",
    "labelIds": "lbl",
    "entityId": None,
}
FILTERED_IDS |= {"teamId": "tea", "personId": "per", "skillId": "skl"}
FOLDED = {"name"}


def compared(view: View, path: str, row: Row) -> Any:
    """Value of a filter's member, such as `key` or `health.score`."""
    match path:
        case "name":
            return row["name_key"]
        case "health.band":
            return row["health_band"]
        case "health.score":
            return row["health_score_mp"]
        case "health.diverging":
            reports = view.rows("subject_report")
            return any(report["subject_id"] == row["id"] and report["divergence"] is not None for report in reports)
        case "reportedStatus" | "reportedAt" if "reported_at" not in row:
            return view.report(row["id"]).get(snake_case(path))
        case "blockerId" | "blockedId":
            end = row[snake_case(path)]
            return end if not view.restricted or view.home(end) in view.granted else None
        case "reviewReason":
            return review_reason(view, row)
        case "entityId":
            return row["node_id"]
        case "entityKind" if "kind" in row:
            return row["kind"]
        case "labelIds":
            return sorted(labels_of(view, row))
        case "isViolated":
            return bool(is_violated(view, row))
        case "hasViolatedDependencies":
            live = [other for other in view.rows("dependency") if other["archived_at"] is None]
            return any(other["blocked_id"] == row["id"] and bool(is_violated(view, other)) for other in live)
        case "parentId":
            return row["parent_id"] if not view.restricted or row["parent_id"] in view.granted else None
        case _:
            return row[snake_case(path)]


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


# Bounded lists of values ----------------------------------------------------------------------------


def custom_fields(view: View, row: Row) -> list[Row]:
    live = {field["id"]: field for field in view.rows("custom_field") if field["archived_at"] is None}
    found = [
        value
        for value in view.rows("custom_field_value")
        if value["node_id"] == row["id"] and value["custom_field_id"] in live
    ]
    return sorted(found, key=lambda value: live[value["custom_field_id"]]["key"])


def product_links(view: View, row: Row) -> list[Row]:
    found = [other for other in view.rows("initiative_product") if other["initiative_id"] == row["id"]]
    return sorted(found, key=lambda other: other["product_id"].int)


def changes(view: View, row: Row) -> list[Row]:
    private = {value["position"]: value for value in view.rows("event_private_value") if value["event_id"] == row["id"]}
    found = []
    for position, change in enumerate(row["changes"]):
        hidden = private.get(position, {})
        found.append(
            {
                "field": change["field"],
                "from": change["from"] if "from" in change else hidden.get("from_value"),
                "to": change["to"] if "to" in change else hidden.get("to_value"),
            }
        )
    return found


def _zipped(row: Row, names: tuple[str, str], columns: tuple[str, str]) -> list[Row]:
    return [dict(zip(names, pair, strict=True)) for pair in zip(*(row.get(name, []) for name in columns), strict=True)]


def caps(_: View, row: Row) -> list[Row]:
    rows = _zipped(row, ("key", "limit"), ("cap_keys", "cap_points_mp"))
    capped = any(key.startswith("cap:") for key in row.get("contribution_keys", ()))
    return [{**cap, "binding": capped and cap["limit"] == row["provisional_mp"]} for cap in rows]


def drivers(view: View, row: Row) -> list[Row]:
    if "driver_paths" not in row:
        return []
    found, outside = [], 0
    listed = zip(row["driver_paths"], row["driver_codes"], row["driver_points_mp"], strict=True)
    for path, code, points in listed:
        child = UUID(path[-36:]) if "/node:" in path else None
        if view.restricted and child is not None and view.home(child) not in view.granted:
            outside += points
        else:
            found.append({"path": path, "code": code, "points": points})
    found.append({"path": "OUTSIDE_YOUR_PORTFOLIOS", "code": "CHILD", "points": outside})
    found.sort(key=lambda driver: (-driver["points"], driver["path"]))
    found.append({"path": "REMAINDER", "code": "REMAINDER", "points": row["driver_remainder_mp"]})
    return [driver for driver in found if driver["points"]]


def parked_jobs(view: View, _: Row) -> list[Row]:
    found = []
    for signal in view.rows("signal"):
        if signal["parked_at"] is None or (view.restricted and view.home(signal["target_id"]) not in view.granted):
            continue
        subject = next((other for other in view.rows("subject") if other["id"] == signal["target_id"]), None)
        other = "job" if signal["job"] == "run_job" else "con"
        prefix = ENTITY_PREFIX[subject["kind"]] if subject else other
        found.append(
            {
                "job": signal["job"].upper(),
                "target_id": f"{prefix}_{signal['target_id']}",
                "tries": signal["tries"],
                "error_code": signal["error_code"],
                "parked_at": signal["parked_at"],
            }
        )
    return sorted(found, key=lambda job: (job["parked_at"], job["target_id"]))[:100]


VALUE_LISTS: dict[str, tuple[str, Callable[[View, Row], list[Row]]]] = {
    **{f"{name}.customFields": ("CustomFieldValue", custom_fields) for name in ("Product", "Initiative", "Kpi")},
    "Initiative.productLinks": ("InitiativeProduct", product_links),
    "Organization.parkedJobs": ("ParkedJob", parked_jobs),
    "Event.changes": ("FieldChange", changes),
    "Health.drivers": ("HealthDriver", drivers),
    "Health.dimensions": (
        "HealthDimension",
        lambda _, row: _zipped(row, ("name", "score"), ("dimension_names", "dimension_points_mp")),
    ),
    "Health.contributions": (
        "HealthContribution",
        lambda _, row: _zipped(row, ("key", "points"), ("contribution_keys", "contribution_points_mp")),
    ),
    "Health.caps": ("HealthCap", caps),
    "Health.excludedChildren": (
        "ExcludedChildren",
        lambda _, row: _zipped(row, ("lifecycle", "count"), ("excluded_lifecycles", "excluded_counts")),
    ),
    "Assignment.versions": ("AssignmentVersion", people.versions),
    **{f"{name}.skillGaps": ("SkillGap", people.skill_gaps) for name in ("Portfolio", "Product", "Initiative")},
}


def rollup_members(view: View, type_name: str, row: Row) -> list[Row]:
    """Products that a roll-up counts."""
    found = [product for product in view.seen("Product") if product["archived_at"] is None]
    if type_name == "Organization":
        return found
    below = {link["descendant_id"] for link in view.rows("portfolio_closure") if link["ancestor_id"] == row["id"]}
    return [product for product in found if product["portfolio_id"] in below]
