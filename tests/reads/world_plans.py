"""Plans and words of the little universe: milestones, dependencies, reports, labels, custom fields and saved views."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.reads.world import TenantBuilder

Row = dict[str, Any]

_NUMBERS = ["0", "-1.5", "12.50", "0.000001", "123456789012345"]


class PlansBuilder:
    """Adds plans and words to a tenant, after all else, so that what was there stays as it was."""

    def __init__(self, tenant: TenantBuilder) -> None:
        self.tenant, self.chance = tenant, tenant.chance

    def build(self) -> None:
        self.milestones()
        self.dependencies()
        self.status_updates()
        self.labels()
        self.custom_fields()
        self.saved_views()
        self.missing_kpis()
        self.jobs()

    def milestones(self) -> None:
        tenant = self.tenant
        for _ in range(24):
            identifier = tenant.new_id()
            tenant.add(
                "milestone",
                id=identifier,
                initiative_id=tenant.pick("initiative")["id"],
                name=tenant.name(identifier),
                due_on=tenant.day(),
                done_on=tenant.maybe(tenant.day(), 0.4),
                canceled_at=tenant.maybe(tenant.instant(), 0.2),
                **tenant.stamps(),
            )

    def dependencies(self) -> None:
        """From older to newer initiatives, so that there is no circle."""
        tenant, initiatives = self.tenant, self.tenant.mine["initiative"]
        pairs = [(a, b) for a in range(len(initiatives)) for b in range(a + 1, len(initiatives))]
        for blocker, blocked in self.chance.sample(pairs, 30):
            identifier = tenant.new_id()
            tenant.add(
                "dependency",
                id=identifier,
                blocker_id=initiatives[blocker]["id"],
                blocked_id=initiatives[blocked]["id"],
                note=tenant.maybe(tenant.text(identifier)),
                **tenant.stamps(),
            )

    def status_updates(self) -> None:
        tenant = self.tenant
        for subject in tenant.mine["subject"]:
            latest: Row | None = None
            for _ in range(self.chance.choice([0, 0, 1, 2, 3])):
                update = self.status_update(subject)
                if update["archived_at"] is None and (latest is None or _moment(update) > _moment(latest)):
                    latest = update
            divergence = self.chance.choice(["OPTIMISTIC", "PESSIMISTIC", "STALE_REPORT", None]) if latest else None
            diverged_on = tenant.day() if divergence else None
            if latest or self.chance.random() < 0.3:
                tenant.add(
                    "subject_report",
                    subject_id=subject["id"],
                    latest_status_update_id=latest and latest["id"],
                    reported_status=latest and latest["status"],
                    reported_at=latest and latest["reported_at"],
                    divergence=divergence,
                    diverged_on=diverged_on,
                )

    def status_update(self, subject: Row) -> Row:
        tenant, identifier = self.tenant, self.tenant.new_id()
        person = tenant.maybe(tenant.pick("person")["id"])
        values = {
            "id": identifier,
            "subject_id": subject["id"],
            "status": self.chance.choice(["ON_TRACK", "AT_RISK", "OFF_TRACK"]),
            "body": tenant.maybe(tenant.text(identifier)),
            "author_person_id": person,
            "author_service_account_id": None if person else tenant.pick("service_account")["id"],
            **tenant.stamps(),
        }
        entered_days_later = timedelta(days=identifier.int % 4)
        return tenant.add("status_update", reported_at=values["created_at"] - entered_days_later, **values)

    def labels(self) -> None:
        tenant = self.tenant
        for number in range(6):
            identifier = tenant.new_id()
            color = self.chance.choice(["#000000", "#1F77B4"])
            name = f"{tenant.text(identifier)} {number}"
            tenant.add("label", id=identifier, name=name, color=color, **tenant.stamps())
        for kind in ("PRODUCT", "INITIATIVE"):
            for row in tenant.mine[kind.lower()]:
                for label in self.chance.sample(tenant.mine["label"], self.chance.randrange(4)):
                    tenant.add("label_assignment", subject_id=row["id"], subject_kind=kind, label_id=label["id"])

    def custom_fields(self) -> None:
        tenant = self.tenant
        for number, kind in enumerate(["TEXT", "NUMBER", "DATE", "BOOLEAN", "CHOICE"] * 3):
            entity, identifier = ["PRODUCT", "INITIATIVE", "KPI"][number // 5], tenant.new_id()
            field = tenant.add(
                "custom_field",
                id=identifier,
                key=f"field-{number:02}",
                name=tenant.name(identifier),
                description=tenant.maybe(tenant.text(identifier)),
                entity=entity,
                type=kind,
                choices=["EU", 'U"S'] if kind == "CHOICE" else None,
                **tenant.stamps(),
            )
            for row in self.chance.sample(tenant.mine[entity.lower()], 10):
                tenant.add(
                    "custom_field_value", node_id=row["id"], custom_field_id=field["id"], **self.value(kind, row)
                )

    def value(self, kind: str, row: Row) -> Row:
        values: Row = {
            "TEXT": {"text_value": self.tenant.text(row["id"])},
            "NUMBER": {"number_value": self.chance.choice(_NUMBERS)},
            "DATE": {"day_value": self.tenant.day()},
            "BOOLEAN": {"boolean_value": self.chance.random() < 0.5},
            "CHOICE": {"choice_value": self.chance.choice(["EU", 'U"S'])},
        }
        return values[kind]

    def saved_views(self) -> None:
        tenant = self.tenant
        for key in tenant.mine["api_key"] * 3:
            identifier = tenant.new_id()
            tenant.add(
                "saved_view",
                id=identifier,
                name=tenant.name(identifier),
                entity=self.chance.choice(["PORTFOLIO", "PRODUCT", "INITIATIVE", "KPI"]),
                filter=tenant.maybe({"name": {"contains": tenant.text(identifier)}, "and": []}),
                order_by=tenant.maybe([{"field": "NAME", "direction": "DESC"}]),
                person_id=key["person_id"],
                service_account_id=key["service_account_id"],
                shared_at=tenant.maybe(tenant.instant()),
                **tenant.stamps(),
            )

    def jobs(self) -> None:
        for key in self.tenant.mine["api_key"] * 2:
            holder = {"person_id": key["person_id"], "service_account_id": key["service_account_id"]}
            kind = self.chance.choice(["IMPORT", "EXPORT"])
            state = self.chance.choice(["QUEUED", "RUNNING", "COMPLETED", "COMPLETED", "FAILED", "CANCELED"])
            self.job(kind, state, key["id"], **holder)

    def job(self, kind: str, state: str, key_id: UUID, **holder: Any) -> None:
        tenant, chance = self.tenant, self.chance
        identifier, file_id, created_at = tenant.new_id(), tenant.new_id(), tenant.instant()
        if chance.random() < 0.7:
            tenant.add("bulk_file", id=file_id, created_at=created_at, **holder)
        tenant.add(
            "job",
            id=identifier,
            kind=kind,
            state=state,
            dry_run=chance.random() < 0.3,
            types=["product", "kpi"] if kind == "EXPORT" and chance.random() < 0.3 else [],
            file_id=file_id,
            line_count=chance.choice([None, 0, 7, 300]),
            **{name: chance.randrange(300) for name in ("lines_done", "created_count", "changed_count")},
            unchanged_count=0,
            failed_count=chance.randrange(9),
            error=tenant.text(identifier) if state == "FAILED" else None,
            via="API",
            key_id=key_id,
            **holder,
            created_at=created_at,
            started_at=None if state == "QUEUED" else created_at,
            finished_at=None if state in ("QUEUED", "RUNNING") else tenant.instant(),
        )
        for line in range(1, chance.choice([1, 3, 12])):
            for position in range(chance.choice([1, 1, 2])):
                tenant.add(
                    "job_line_error",
                    job_id=identifier,
                    line=line,
                    position=position,
                    code=chance.choice(["INVALID", "NOT_FOUND"]),
                    message=tenant.text(identifier),
                    field=chance.choice([None, ["name"], ["products", "0", "importance"]]),
                )

    def missing_kpis(self) -> None:
        """Some current scores miss a KPI of their own."""
        tenant = self.tenant
        current = {row["id"]: row for row in tenant.mine["health_score"]}
        for kind in ("product", "initiative", "portfolio", "organization"):
            for node in tenant.mine[kind]:
                score = current.get(node.get("health_score_id"))
                missing = [kpi for kpi in tenant.mine["kpi"] if kpi["subject_id"] == node["id"]]
                if score is not None and missing and self.chance.random() < 0.5:
                    score["driver_paths"] = [*score["driver_paths"], f"OUTCOMES/kpi:kpi_{missing[0]['id']}"]
                    score["driver_codes"] = [*score["driver_codes"], "KPI_MISSING"]
                    score["driver_points_mp"] = [*score["driver_points_mp"], 0]


def _moment(update: Row) -> tuple[datetime, UUID]:
    return update["reported_at"], update["id"]
