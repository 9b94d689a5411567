"""Organization in the oracle: keys, those who hold them, and fields of the organization's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.reads.domain import Domain, Entity, Row, everyone, everything, nobody, pointing

if TYPE_CHECKING:
    from tests.reads.oracle import View


def review_reason(view: View, row: Row) -> str | None:
    maker = next((key for key in view.rows("api_key") if key["id"] == row.get("maker_key_id")), None)
    if maker is None or row["revoked_at"] is not None or row["expires_at"] <= view.now:
        return None
    holders = [*view.rows("person"), *view.rows("service_account")]
    if any(h["archived_at"] for h in holders if h["id"] in (maker["person_id"], maker["service_account_id"])):
        return "MAKER_LEFT"
    return None if maker["revoked_at"] is None else "MAKER_KEY_REVOKED"


def custom_fields(view: View, row: Row) -> list[Row]:
    live = {field["id"]: field for field in view.rows("custom_field") if field["archived_at"] is None}
    found = [
        value
        for value in view.rows("custom_field_value")
        if value["node_id"] == row["id"] and value["custom_field_id"] in live
    ]
    return sorted(found, key=lambda value: live[value["custom_field_id"]]["key"])


def parked_jobs(view: View, _: Row) -> list[Row]:
    found: list[Row] = []
    for signal in view.rows("signal"):
        if signal["parked_at"] is None or (view.restricted and view.home(signal["target_id"]) not in view.granted):
            continue
        subject = next((other for other in view.rows("subject") if other["id"] == signal["target_id"]), None)
        other = "job" if signal["job"] == "run_job" else "con"
        prefix = view.prefix_of_kind(subject["kind"]) if subject else other
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


DOMAIN = Domain(
    entities={
        "Organization": Entity("organization", "org", everyone, is_searched=True),
        "ServiceAccount": Entity("service_account", "sva", nobody),
        "ApiKey": Entity("api_key", "key", lambda view, row: row["id"] == view.viewer.key_id),
        "CustomField": Entity("custom_field", "cfd", everyone),
    },
    lists={
        "Query.serviceAccounts": everything("ServiceAccount"),
        "Query.apiKeys": everything("ApiKey"),
        "Query.customFields": everything("CustomField"),
        "Person.apiKeys": pointing("ApiKey", "person_id"),
        "ServiceAccount.apiKeys": pointing("ApiKey", "service_account_id"),
        "ApiKey.grantedPortfolios": (
            "Portfolio",
            lambda _, row, other: other["id"] in (row["granted_portfolio_ids"] or ()),
            "ID",
        ),
    },
    ones={
        "ApiKey.person": ("Person", "person_id"),
        "ApiKey.serviceAccount": ("ServiceAccount", "service_account_id"),
        "Viewer.key": ("ApiKey", "id"),
        "Viewer.person": ("Person", "person_id"),
        "Viewer.serviceAccount": ("ServiceAccount", "service_account_id"),
        "Viewer.organization": ("Organization", "tenant_id"),
        "Query.organization": ("Organization", "tenant_id"),
        "CustomFieldValue.field": ("CustomField", "custom_field_id"),
    },
    # A key tells its holder's name even to a viewer who does not see the holder elsewhere.
    without_wall=frozenset(
        {"ApiKey.person", "ApiKey.serviceAccount", "Viewer.person", "Viewer.serviceAccount", "Viewer.key"}
    ),
    scalars={
        "ApiKey.reviewReason": review_reason,
        "ApiKey.isRestricted": lambda _, row: row["granted_portfolio_ids"] is not None,
        "CustomFieldValue.text": lambda _, row: row["text_value"],
        "CustomFieldValue.number": lambda _, row: row["number_value"],
        "CustomFieldValue.on": lambda _, row: row["day_value"],
        "CustomFieldValue.boolean": lambda _, row: row["boolean_value"],
        "CustomFieldValue.choice": lambda _, row: row["choice_value"],
    },
    value_lists={
        **{f"{name}.customFields": ("CustomFieldValue", custom_fields) for name in ("Product", "Initiative", "Kpi")},
        "Organization.parkedJobs": ("ParkedJob", parked_jobs),
    },
    compared={"reviewReason": review_reason},
)
