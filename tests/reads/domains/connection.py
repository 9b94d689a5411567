"""Connection in the oracle: what trackers sent, how it is linked, the feed of events, imports and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.reads import oracle_plans as plans
from tests.reads.domain import SUBJECTS, Domain, Entity, Row, everything, home_of, nobody, pointing

if TYPE_CHECKING:
    from tests.reads.oracle import View


def _linked_in_sight(view: View, row: Row) -> bool:
    return any(view.home(link["initiative_id"]) in view.granted for link in view.links(row))


def _sees_named(view: View, link: Row) -> bool:
    """An external link is seen with the object that it names."""
    if link["subject_id"] is not None:
        return view.home(link["subject_id"]) in view.granted
    type_name = view.type_of_kind(link["kind"])
    return view.sees(type_name, view.find(type_name, link["node_id"]))


def _key_id(view: View, row: Row) -> str | None:
    hidden = view.restricted and row["actor_key_id"] != view.viewer.key_id
    return None if hidden or row["actor_key_id"] is None else f"key_{row['actor_key_id']}"


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


DOMAIN = Domain(
    entities={
        "Connection": Entity("connection", "con", nobody),
        "Delivery": Entity("delivery", "dlv", nobody),
        "WorkItem": Entity("work_item", "wki", _linked_in_sight),
        "LinkingRule": Entity("linking_rule", "lrl", home_of("initiative_id")),
        "Event": Entity("sealed_event", "evt", lambda view, row: row["portfolio_id"] in view.granted),
        "ExternalLink": Entity("external_link", "lnk", _sees_named),
        "Job": Entity("job", "job", lambda view, row: row["key_id"] == view.viewer.key_id),
    },
    lists={
        "Query.connections": everything("Connection"),
        "Query.workItems": everything("WorkItem"),
        "Query.linkingRules": everything("LinkingRule"),
        "Query.events": everything("Event", "SEQUENCE"),
        "Query.jobs": everything("Job", "CREATED_AT desc"),
        "Query.externalLinks": everything("ExternalLink"),
        **{f"{name}.events": pointing("Event", "subject_id", "SEQUENCE") for name in SUBJECTS},
        "Connection.deliveries": pointing("Delivery", "connection_id", "RECEIVED_AT desc"),
        "Connection.workItems": pointing("WorkItem", "connection_id"),
        "Connection.linkingRules": pointing("LinkingRule", "connection_id"),
        "Initiative.workItems": (
            "WorkItem",
            lambda view, row, other: any(link["initiative_id"] == row["id"] for link in view.links(other)),
            "ID",
        ),
        "Initiative.linkingRules": pointing("LinkingRule", "initiative_id"),
        "WorkItem.initiatives": (
            "Initiative",
            lambda view, row, other: any(link["initiative_id"] == other["id"] for link in view.links(row)),
            "ID",
        ),
        "ServiceAccount.externalLinks": pointing("ExternalLink", "service_account_id"),
    },
    ones={
        "Delivery.connection": ("Connection", "connection_id"),
        "WorkItem.connection": ("Connection", "connection_id"),
        "LinkingRule.connection": ("Connection", "connection_id"),
        "LinkingRule.initiative": ("Initiative", "initiative_id"),
        "EventActor.person": ("Person", "actor_person_id"),
        "EventActor.serviceAccount": ("ServiceAccount", "actor_service_account_id"),
        "Job.person": ("Person", "person_id"),
        "Job.serviceAccount": ("ServiceAccount", "service_account_id"),
        "ExternalLink.serviceAccount": ("ServiceAccount", "service_account_id"),
    },
    subjects=frozenset({"Event.subject", "ExternalLink.subject"}),
    parts=frozenset({"Event.actor"}),
    scalars={
        "Connection.webhookPath": lambda _, row: f"/webhooks/con_{row['id']}",
        "Connection.liveSecretCount": lambda view, row: sum(
            secret["connection_id"] == row["id"] and secret["retired_at"] is None
            for secret in view.rows("connection_secret")
        ),
        "WorkItem.hasCompleteSource": lambda _, row: row["source_complete"],
        "Event.entityId": lambda view, row: f"{view.prefix_of_kind(row['entity_kind'])}_{row['entity_id']}",
        "EventActor.keyId": _key_id,
        "EventActor.requestId": lambda _, row: row["request_id"],
        "ExternalLink.entityKind": lambda _, row: row["kind"],
        "ExternalLink.entityId": lambda view, row: f"{view.prefix_of_kind(row['kind'])}_{row['node_id']}",
        "Job.isDryRun": lambda _, row: row["dry_run"],
        "Job.progressPercent": lambda _, row: plans.progress_percent(row),
        "Job.downloadPath": plans.download_path,
    },
    value_lists={"Event.changes": ("FieldChange", changes)},
    compared={
        "ExternalLink.entityId": lambda _, row: row["node_id"],
        "ExternalLink.entityKind": lambda _, row: row["kind"],
    },
    filtered_ids={"entityId": None},
)
