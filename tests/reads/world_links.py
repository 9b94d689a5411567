"""External links of the little universe: what other systems call things, and what they own of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.reads.world import TenantBuilder

Row = dict[str, Any]

_SUBJECT_COLUMNS = {"KPI": "subject_id", "MILESTONE": "initiative_id", "DEPENDENCY": "blocked_id"}
_SUBJECT_COLUMNS |= {"STATUS_UPDATE": "subject_id", "ASSIGNMENT": "subject_id"}
_SUBJECT_COLUMNS |= dict.fromkeys(("PORTFOLIO", "PRODUCT", "INITIATIVE"), "id")
_NAMED_LAST = ("MILESTONE", "DEPENDENCY", "STATUS_UPDATE", "ASSIGNMENT", "MEMBERSHIP", "SKILL", "LABEL")


def build_links(tenant: TenantBuilder) -> None:
    """Completes the names that things have already, and names more, after all else."""
    for kind in _NAMED_LAST:
        for number, row in enumerate(tenant.mine[kind.lower()][:10:4]):
            tenant.add(
                "external_link", kind=kind, system="LINEAR", external_id=f"{kind}-{number}", node_id=row["id"], url=None
            )
    for link in tenant.mine["external_link"]:
        link.update(_said(tenant, link["kind"], link["node_id"]))


def _said(tenant: TenantBuilder, kind: str, node_id: UUID) -> Row:
    identifier = tenant.new_id()
    node = next(row for row in tenant.mine[kind.lower()] if row["id"] == node_id)
    fields = tenant.chance.sample(["description", "key", "name", "state"], tenant.chance.randrange(4))
    return {
        "id": identifier,
        "subject_id": node[_SUBJECT_COLUMNS[kind]] if kind in _SUBJECT_COLUMNS else None,
        "title": tenant.maybe(tenant.text(identifier)),
        "authoritative_fields": sorted(fields),
        "service_account_id": tenant.maybe(tenant.pick("service_account")["id"], 0.3),
        **tenant.stamps(archivable=False),
    }
