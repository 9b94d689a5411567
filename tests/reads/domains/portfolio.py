"""Portfolio in the oracle: portfolios, products, initiatives, their plans, and what is reported of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from tests.reads.domain import SUBJECTS, Domain, Entity, Row, everyone, everything, home_of, pointing

if TYPE_CHECKING:
    from tests.reads.oracle import View


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


def _has_violated_dependencies(view: View, row: Row) -> bool:
    live = [other for other in view.rows("dependency") if other["archived_at"] is None]
    return any(other["blocked_id"] == row["id"] and bool(is_violated(view, other)) for other in live)


def _if_seen(view: View, node_id: UUID) -> UUID | None:
    return node_id if not view.restricted or view.home(node_id) in view.granted else None


def _is_diverging(view: View, row: Row) -> bool:
    reports = view.rows("subject_report")
    return any(report["subject_id"] == row["id"] and report["divergence"] is not None for report in reports)


def product_links(view: View, row: Row) -> list[Row]:
    found = [other for other in view.rows("initiative_product") if other["initiative_id"] == row["id"]]
    return sorted(found, key=lambda other: other["product_id"].int)


def _is_own(view: View, row: Row) -> bool:
    return view.viewer.holder_id in (row["person_id"], row["service_account_id"])


_REPORTED = {"reportedStatus": "reported_status", "reportedAt": "reported_at"}

DOMAIN = Domain(
    entities={
        "Portfolio": Entity(
            "portfolio", "pfl", lambda view, row: row["id"] in view.granted, is_linked=True, is_searched=True
        ),
        "Product": Entity(
            "product", "prd", lambda view, row: row["portfolio_id"] in view.granted, is_linked=True, is_searched=True
        ),
        "Initiative": Entity(
            "initiative", "ini", lambda view, row: row["portfolio_id"] in view.granted, is_linked=True, is_searched=True
        ),
        "Milestone": Entity("milestone", "mls", home_of("initiative_id"), is_linked=True),
        "Dependency": Entity(
            "dependency",
            "dep",
            lambda view, row: any(view.home(row[end]) in view.granted for end in ("blocker_id", "blocked_id")),
            is_linked=True,
        ),
        "StatusUpdate": Entity("status_update", "stu", home_of("subject_id"), is_linked=True),
        "Label": Entity("label", "lbl", everyone, is_linked=True),
        "SavedView": Entity(
            "saved_view",
            "svw",
            _is_own,
            fence=lambda view, row: row["shared_at"] is not None or _is_own(view, row),
        ),
    },
    lists={
        "Query.portfolios": everything("Portfolio"),
        "Query.products": everything("Product"),
        "Query.initiatives": everything("Initiative"),
        "Query.milestones": everything("Milestone", "DUE_ON"),
        "Query.dependencies": everything("Dependency"),
        "Query.statusUpdates": everything("StatusUpdate", "REPORTED_AT desc"),
        "Query.labels": everything("Label", "NAME"),
        "Query.savedViews": everything("SavedView", "NAME"),
        "Organization.portfolios": ("Portfolio", lambda _, __, other: other["parent_id"] is None, "ID"),
        "Portfolio.children": pointing("Portfolio", "parent_id"),
        "Portfolio.products": pointing("Product", "portfolio_id"),
        "Portfolio.initiatives": pointing("Initiative", "portfolio_id"),
        "Product.initiatives": ("Initiative", lambda view, row, other: view.works_on(other, row), "ID"),
        "Initiative.products": ("Product", lambda view, row, other: view.works_on(row, other), "ID"),
        "Person.portfolios": pointing("Portfolio", "owner_id"),
        "Person.products": pointing("Product", "owner_id"),
        "Person.initiatives": pointing("Initiative", "owner_id"),
        **{f"{name}.statusUpdates": pointing("StatusUpdate", "subject_id", "REPORTED_AT desc") for name in SUBJECTS},
        "Initiative.milestones": pointing("Milestone", "initiative_id", "DUE_ON"),
        "Initiative.blockers": pointing("Dependency", "blocked_id"),
        "Initiative.blocks": pointing("Dependency", "blocker_id"),
        "Product.labels": ("Label", lambda view, row, other: other["id"] in labels_of(view, row), "NAME"),
        "Initiative.labels": ("Label", lambda view, row, other: other["id"] in labels_of(view, row), "NAME"),
        "Label.products": ("Product", lambda view, row, other: row["id"] in labels_of(view, other), "ID"),
        "Label.initiatives": ("Initiative", lambda view, row, other: row["id"] in labels_of(view, other), "ID"),
        "StatusUpdate.changesSincePrevious": ("Event", is_between, "SEQUENCE"),
        "Person.statusUpdates": pointing("StatusUpdate", "author_person_id", "REPORTED_AT desc"),
        "Person.savedViews": pointing("SavedView", "person_id", "NAME"),
        "ServiceAccount.statusUpdates": pointing("StatusUpdate", "author_service_account_id", "REPORTED_AT desc"),
        "ServiceAccount.savedViews": pointing("SavedView", "service_account_id", "NAME"),
    },
    ones={
        "Portfolio.parent": ("Portfolio", "parent_id"),
        "Portfolio.owner": ("Person", "owner_id"),
        "Product.portfolio": ("Portfolio", "portfolio_id"),
        "Product.owner": ("Person", "owner_id"),
        "Initiative.portfolio": ("Portfolio", "portfolio_id"),
        "Initiative.owner": ("Person", "owner_id"),
        "InitiativeProduct.product": ("Product", "product_id"),
        "Milestone.initiative": ("Initiative", "initiative_id"),
        "Dependency.blocker": ("Initiative", "blocker_id"),
        "Dependency.blocked": ("Initiative", "blocked_id"),
        "StatusUpdateAuthor.person": ("Person", "author_person_id"),
        "StatusUpdateAuthor.serviceAccount": ("ServiceAccount", "author_service_account_id"),
        "SavedView.person": ("Person", "person_id"),
        "SavedView.serviceAccount": ("ServiceAccount", "service_account_id"),
        "DataGap.kpi": ("Kpi", "kpi_id"),
    },
    subjects=frozenset({"StatusUpdate.subject", "DataGap.subject"}),
    parts=frozenset({"StatusUpdate.author", "Initiative.progress"}),
    scalars={
        "Dependency.isViolated": is_violated,
        "Dependency.note": lambda view, row: row["note"] if is_violated(view, row) is not None else None,
        "Divergence.kind": lambda _, row: row["divergence"],
        "Divergence.since": lambda _, row: row["diverged_on"],
        **{
            f"{name}.{field}": lambda view, row, column=column: view.report(row["id"]).get(column)
            for name in SUBJECTS
            for field, column in _REPORTED.items()
        },
    },
    value_lists={"Initiative.productLinks": ("InitiativeProduct", product_links)},
    compared={
        "health.diverging": _is_diverging,
        "labelIds": lambda view, row: sorted(labels_of(view, row)),
        "hasViolatedDependencies": _has_violated_dependencies,
        "Dependency.isViolated": lambda view, row: bool(is_violated(view, row)),
        "Dependency.blockerId": lambda view, row: _if_seen(view, row["blocker_id"]),
        "Dependency.blockedId": lambda view, row: _if_seen(view, row["blocked_id"]),
        "Portfolio.parentId": lambda view, row: (
            row["parent_id"] if not view.restricted or row["parent_id"] in view.granted else None
        ),
        **{
            f"{name}.{field}": lambda view, row, column=column: view.report(row["id"]).get(column)
            for name in SUBJECTS
            for field, column in _REPORTED.items()
        },
    },
    filtered_ids={
        "portfolioId": "pfl",
        "ownerId": "per",
        "parentId": "pfl",
        "initiativeId": "ini",
        "blockerId": "ini",
        "blockedId": "ini",
        "labelIds": "lbl",
    },
)
