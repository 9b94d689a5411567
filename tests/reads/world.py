"""A deterministic little universe for reads: several tenants, every table, nulls, ties and nasty texts.

Every row carries a token of its own, `~xxxxxxxx~`, in its texts, so that an answer tells which rows it gives away.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any
from uuid import UUID

import asyncpg

from portfolio.identity import uuid7
from runtime.viewer import Viewer
from tests.reads.oracle_fields import DOMAINS
from tests.reads.world_links import build_links
from tests.reads.world_plans import PlansBuilder

NOW = datetime(2026, 11, 20, 12, 30, 0, 250_000, tzinfo=UTC)
EVERY_SCOPE = frozenset({"READ", "WRITE", "INGEST", "ADMIN"})

Row = dict[str, Any]

# Parents of the portfolios of each tenant, by place: two trees, four levels.
_PARENTS = [None, 0, 0, 1, 3, None, 5]
_TEXTS = [
    "Fraud screening",
    'He said "no"',
    "back\\slash",
    "Ünïcødé 雪 🚀",
    "tab\tand\nnewline",
    "bell\x07 and \x1f",
    "O'Brien; drop table",
    "{braces} $1 %s",
    "ÉCOLE élan",
    "</script>\u2028",
    "a",
    "DEL\x7f end",
]
_BANDS = ["HEALTHY", "WATCH", "AT_RISK", "CRITICAL", "UNKNOWN"]
_STAGES = ["IDEA", "DISCOVERY", "DEVELOPMENT", "PILOT", "LIVE", "SUNSET", "RETIRED"]
_STATES = ["PROPOSED", "PLANNED", "ACTIVE", "PAUSED", "COMPLETED", "CANCELED"]
_CATEGORIES = ["REVENUE", "LATENCY", "MODEL_PERFORMANCE", "DRIFT", "ADOPTION", "QUALITY"]
_NUMBERS = ["0", "-1.5", "12.50", "1000", "0.000001", "123456789012345", "99.9", "99.9"]


@dataclass
class World:
    """Rows by table, and the viewers that look at them."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    viewers: list[Viewer] = field(default_factory=list)

    def of(self, table: str, tenant_id: UUID) -> list[Row]:
        return [row for row in self.rows[table] if row["tenant_id"] == tenant_id]

    async def insert(self, connection: asyncpg.Connection) -> None:
        """Writes everything as a superuser in one transaction."""
        async with connection.transaction():
            for table in await self._in_order(connection):
                for names in sorted({tuple(sorted(row)) for row in self.rows[table]}):
                    rows = [row for row in self.rows[table] if tuple(sorted(row)) == names]
                    columns = ", ".join(names)
                    await connection.execute(
                        f"insert into {table} ({columns}) select {columns}"
                        f" from jsonb_populate_recordset(null::{table}, $1::text::jsonb)",
                        json.dumps(rows, default=_plain),
                    )
            await connection.execute("call fill_current_health_scores()")
        await connection.execute("analyze")

    async def _in_order(self, connection: asyncpg.Connection) -> list[str]:
        """Tables with those before them that foreign keys name which are checked at once."""
        named = await connection.fetch(
            "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint"
            " where contype = 'f' and not condeferrable"
        )
        before: dict[str, set[str]] = {table: set() for table in self.rows}
        for table, other in named:
            if table in before and other in before and table != other:
                before[table].add(other)
        return list(TopologicalSorter(before).static_order())


def _plain(value: Any) -> str:
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)


def build_world(seed: int = 7, tenants: int = 3) -> World:
    world = World()
    for number in range(tenants):
        TenantBuilder(world, random.Random(seed * 1000 + number), number).build()
    return world


def token_of(identifier: UUID) -> str:
    """What the texts of a row with this id carry."""
    return f"~{identifier.hex[-8:]}~"


class TenantBuilder:
    """Fills one tenant."""

    def __init__(self, world: World, chance: random.Random, number: int) -> None:
        self.world, self.chance, self.number = world, chance, number
        self.moment = datetime(2026, 3, 1 + number, tzinfo=UTC)
        self.tenant_id = self.new_id()
        self.mine: dict[str, list[Row]] = defaultdict(list)

    # Small things --------------------------------------------------------------------------------

    def new_id(self) -> UUID:
        self.moment += timedelta(minutes=7)
        return uuid7(self.moment, self.chance.getrandbits(74))

    def add(self, table: str, **values: Any) -> Row:
        row = {"tenant_id": self.tenant_id, **values}
        self.mine[table].append(row)
        self.world.rows[table].append(row)
        return row

    def maybe(self, value: Any, share: float = 0.6) -> Any:
        return value if self.chance.random() < share else None

    def text(self, identifier: UUID) -> str:
        return f"{self.chance.choice(_TEXTS)} {token_of(identifier)}"

    def name(self, identifier: UUID) -> str:
        """Some names are equal, so that the id has to break the tie."""
        return "Twin" if self.chance.random() < 0.15 else self.text(identifier)

    def instant(self) -> datetime:
        """Few different instants, so that they tie; some with microseconds."""
        return NOW - timedelta(days=self.chance.randrange(40), microseconds=self.chance.choice([0, 0, 1, 500_000]))

    def day(self) -> date:
        return NOW.date() + timedelta(days=self.chance.randrange(-30, 30))

    def pick(self, table: str) -> Row:
        return self.chance.choice(self.mine[table])

    def stamps(self, *, archivable: bool = True) -> Row:
        created = self.instant()
        archived = {"archived_at": self.maybe(self.instant(), 0.15)} if archivable else {}
        return {"version": self.chance.randint(1, 9), "created_at": created, "updated_at": self.instant(), **archived}

    # The tenant ----------------------------------------------------------------------------------

    def build(self) -> None:
        self.add(
            "organization",
            id=self.tenant_id,
            key=f"org-{self.number}",
            name=self.text(self.tenant_id),
            time_zone=["Europe/Zurich", "America/New_York", "Asia/Kolkata"][self.number % 3],
            time_zone_from="-infinity",
            first_weekday=1 + self.number % 7,
            health_policy_version="default-1",
            health_band="UNKNOWN",
            **self.stamps(archivable=False),
        )
        self.add("subject", id=self.tenant_id, kind="ORGANIZATION", portfolio_id=None)
        self.people()
        self.portfolios()
        self.products()
        self.initiatives()
        self.keys()
        for _ in range(30):
            self.kpi()
        self.tracker()
        self.external_references()
        self.health()
        self.events()
        self.signals()
        self.teams()
        self.skills()
        self.assignments()
        PlansBuilder(self).build()
        for domain in DOMAINS:
            domain.fill(self)
        build_links(self)

    def people(self) -> None:
        for number in range(9):
            identifier = self.new_id()
            self.add(
                "person",
                id=identifier,
                key=f"person-{number}",
                name=self.name(identifier),
                email=self.maybe(f"{number}@example.com"),
                **self.stamps(),
            )
        for number in range(3):
            identifier = self.new_id()
            self.add(
                "service_account",
                id=identifier,
                key=f"robot-{number}",
                name=self.name(identifier),
                **self.stamps(),
            )

    def subject(self, kind: str, portfolio_id: UUID | None = None) -> Row:
        identifier = self.new_id()
        return self.add("subject", id=identifier, kind=kind, portfolio_id=portfolio_id or identifier)

    def named(self, identifier: UUID, kind: str, number: int) -> Row:
        return {
            "id": identifier,
            "key": f"{kind}-{number:02}",
            "name": self.name(identifier),
            "description": self.maybe(self.text(identifier)),
            "owner_id": self.maybe(self.pick("person")["id"]),
            "health_score_id": None,
            "health_score_mp": None,
            "health_band": "UNKNOWN",
            **self.stamps(),
        }

    def portfolios(self) -> None:
        for number, parent in enumerate(_PARENTS):
            identifier = self.subject("PORTFOLIO")["id"]
            self.add(
                "portfolio",
                parent_id=self.mine["portfolio"][parent]["id"] if parent is not None else None,
                importance=self.chance.choice([100, 100, 300]),
                **self.named(identifier, "portfolio", number),
            )
        for place, row in enumerate(self.mine["portfolio"]):
            above: int | None = place
            depth = 0
            while above is not None:
                ancestor = self.mine["portfolio"][above]["id"]
                self.add("portfolio_closure", ancestor_id=ancestor, descendant_id=row["id"], depth=depth)
                above, depth = _PARENTS[above], depth + 1

    def products(self) -> None:
        for number in range(22):
            home = self.pick("portfolio")["id"]
            identifier = self.subject("PRODUCT", home)["id"]
            self.add(
                "product",
                portfolio_id=home,
                lifecycle_stage=self.chance.choice(_STAGES),
                tier=f"TIER_{self.chance.randint(1, 4)}",
                importance=self.chance.choice([1, 100, 100, 1000]),
                **self.named(identifier, "product", number),
            )

    def progress(self) -> Row:
        return {
            "total_scope": self.maybe(self.chance.choice(["0", "10", "12.50", "7"])),
            "done_scope": self.maybe(self.chance.choice(["0", "3", "2.25"])),
            "total_items": self.maybe(self.chance.randrange(20)),
            "done_items": self.maybe(self.chance.randrange(9)),
            "in_progress_items": self.maybe(2),
            "blocked_items": self.maybe(0),
            "weekly_throughput": self.maybe([self.chance.randrange(5) for _ in range(self.chance.randrange(4))]),
        }

    def initiatives(self) -> None:
        for number in range(26):
            home = self.pick("portfolio")["id"]
            identifier = self.subject("INITIATIVE", home)["id"]
            first, last = sorted((self.day(), self.day()))
            self.add(
                "initiative",
                portfolio_id=home,
                state=self.chance.choice(_STATES),
                start_on=self.maybe(first),
                target_on=self.maybe(last),
                progress_source=self.maybe(self.chance.choice(["TRACKER", "SNAPSHOT"])),
                progress_observed_on=self.maybe(self.day()),
                **self.progress(),
                **self.named(identifier, "initiative", number),
            )
            for product in self.chance.sample(self.mine["product"], self.chance.randrange(4)):
                self.add(
                    "initiative_product",
                    initiative_id=identifier,
                    product_id=product["id"],
                    importance=self.chance.randint(1, 1000),
                )
            for _ in range(self.chance.randrange(3)):
                observed = self.instant()
                self.add(
                    "progress_snapshot",
                    id=self.new_id(),
                    initiative_id=identifier,
                    observed_at=observed,
                    observed_on=observed.date(),
                    recorded_at=self.instant(),
                    **self.progress(),
                )

    def keys(self) -> None:
        places = self.mine["portfolio"]
        grants: list[Sequence[UUID] | None] = [None, [places[1]["id"]], [places[4]["id"], places[5]["id"]], []]
        for number, granted in enumerate(grants):
            identifier = self.new_id()
            person = self.pick("person")["id"] if number % 2 == 0 else None
            account = None if person else self.pick("service_account")["id"]
            self.add(
                "api_key",
                id=identifier,
                name=self.name(identifier),
                person_id=person,
                service_account_id=account,
                secret_digest=bytes(32),
                scopes=sorted(EVERY_SCOPE),
                granted_portfolio_ids=granted,
                expires_at=NOW + timedelta(days=90),
                revoked_at=self.maybe(self.instant(), 0.5),
                # Each was made with the one before.
                maker_key_id=self.mine["api_key"][-1]["id"] if number else None,
                **self.stamps(archivable=False),
            )
            granted_ids = tuple(granted) if granted is not None else None
            self.world.viewers.append(
                Viewer(self.tenant_id, identifier, person, account, EVERY_SCOPE, granted_ids),
            )

    # KPIs ----------------------------------------------------------------------------------------

    def kpi(self) -> None:
        identifier, number = self.new_id(), len(self.mine["kpi"])
        row = self.add(
            "kpi",
            subject_id=self.pick("subject")["id"],
            category=self.chance.choice(_CATEGORIES),
            unit=self.chance.choice(["%", "ms", "CHF \u00a0", '"']),
            direction=self.chance.choice(["HIGHER", "LOWER", "RANGE"]),
            value_mode=self.chance.choice(["LAST", "MEDIAN3"]),
            cadence_days=self.maybe(7),
            weight=self.chance.choice([1, 1, 5]),
            required=self.chance.random() < 0.5,
            critical=self.chance.random() < 0.2,
            waived_until=self.maybe(self.day(), 0.2),
            target_id=None,
            latest_measurement_id=None,
            latest_value=None,
            latest_observed_at=None,
            latest_observed_on=None,
            created_on=self.day(),
            **{key: value for key, value in self.named(identifier, "kpi", number).items() if _of_kpi(key)},
        )
        self.targets(row)
        self.measurements(row)

    def targets(self, kpi: Row) -> None:
        count = self.chance.randrange(3)
        for place in range(count):
            target = self.add(
                "kpi_target",
                id=self.new_id(),
                kpi_id=kpi["id"],
                recorded_at=self.instant(),
                superseded_at=None if place == count - 1 else self.instant(),
                start_on=self.maybe(self.day()),
                target_on=self.maybe(self.day()),
                **{
                    name: self.maybe(self.chance.choice(_NUMBERS))
                    for name in ("baseline", "target", "red_at", "green_at", "tolerance", "range_low", "range_high")
                },
            )
            kpi["target_id"] = target["id"] if place == count - 1 else None

    def measurements(self, kpi: Row) -> None:
        before: Row | None = None
        for _ in range(self.chance.randrange(6)):
            observed, identifier = self.instant(), self.new_id()
            supersedes = before if before is not None and self.chance.random() < 0.3 else None
            if supersedes is not None:
                supersedes["superseded_at"] = self.instant()
            before = self.add(
                "measurement",
                id=identifier,
                kpi_id=kpi["id"],
                value=self.chance.choice(_NUMBERS),
                observed_at=observed,
                observed_on=observed.date(),
                recorded_at=self.instant(),
                source=self.maybe(self.chance.choice(["JIRA", "warehouse"])),
                external_id=self.maybe(f"x-{identifier.hex[-8:]}"),
                note=self.maybe(self.text(identifier)),
                supersedes_id=supersedes["id"] if supersedes is not None else None,
                superseded_at=None,
            )
            kpi.update(
                latest_measurement_id=identifier,
                latest_value=before["value"],
                latest_observed_at=observed,
                latest_observed_on=observed.date(),
            )

    # Trackers ------------------------------------------------------------------------------------

    def tracker(self) -> None:
        for number in range(2):
            identifier = self.new_id()
            self.add(
                "connection",
                id=identifier,
                key=f"connection-{number}",
                name=self.name(identifier),
                system="GITHUB",
                last_delivery_at=self.maybe(self.instant()),
                **{**self.stamps(), "archived_at": NOW if number else None},
            )
            for slot, retired in ((1, None), (2, None if number else self.instant())):
                self.add(
                    "connection_secret",
                    id=self.new_id(),
                    connection_id=identifier,
                    slot=slot,
                    encrypted_secret=b"sealed",
                    created_at=NOW,
                    retired_at=retired,
                )
            for _ in range(6):
                self.delivery(identifier)
        for _ in range(24):
            self.work_item()
        self.links()

    def delivery(self, connection_id: UUID) -> None:
        identifier = self.new_id()
        self.add(
            "delivery",
            id=identifier,
            connection_id=connection_id,
            delivery_key=str(identifier),
            event=self.chance.choice(["issues", "milestone", "push"]),
            headers={},
            body=b"",
            stale=False,
            status=self.chance.choice(["NEW", "APPLIED", "SUPERSEDED", "IGNORED", "DEAD"]),
            reason=self.maybe(self.text(identifier)),
            received_at=self.instant(),
            processed_at=self.maybe(self.instant()),
        )

    def work_item(self) -> None:
        identifier, number = self.new_id(), len(self.mine["work_item"])
        self.add(
            "work_item",
            id=identifier,
            connection_id=self.pick("connection")["id"],
            source_id=str(number),
            key=f"acme/web#{number}",
            title=self.text(identifier),
            url=self.maybe(f"https://example.com/{number}"),
            type=self.chance.choice(["EPIC", "BUG", "OTHER"]),
            state_category=self.chance.choice(["TODO", "IN_PROGRESS", "DONE", "UNKNOWN"]),
            state_name=self.chance.choice(["open", "closed"]),
            container=self.chance.choice(["acme/web", "acme/api"]),
            milestone_title=self.maybe("M 1"),
            labels=self.chance.choice([[], ["bug"], ['a "b"', "ü", "null"]]),
            opened_at=self.maybe(self.instant()),
            done_at=self.maybe(self.instant()),
            canceled_at=self.maybe(self.instant(), 0.2),
            deleted_at=self.maybe(self.instant(), 0.2),
            source_updated_at=self.instant(),
            source_complete=self.chance.random() < 0.5,
            source_digest=bytes(32),
            field_ranks={},
            needs_reread=self.chance.random() < 0.3,
            **self.stamps(archivable=False),
        )

    def links(self) -> None:
        for number, initiative in enumerate(self.chance.sample(self.mine["initiative"], 8)):
            rule = self.add(
                "linking_rule",
                id=self.new_id(),
                connection_id=self.pick("connection")["id"],
                initiative_id=initiative["id"],
                kind=self.chance.choice(["MILESTONE", "LABEL", "EXPLICIT"]),
                container=self.maybe("acme/web"),
                value=f"value {number}",
                **self.stamps(),
            )
            for item in self.chance.sample(self.mine["work_item"], self.chance.randrange(1, 7)):
                self.add(
                    "work_item_link",
                    id=self.new_id(),
                    work_item_id=item["id"],
                    initiative_id=initiative["id"],
                    rule_id=rule["id"],
                    valid_from=NOW,
                    valid_to=self.maybe(NOW, 0.2),
                )

    def external_references(self) -> None:
        for kind in ("PORTFOLIO", "PRODUCT", "INITIATIVE", "KPI", "PERSON"):
            for row in self.mine[kind.lower()][::2]:
                for number, system in enumerate(
                    self.chance.sample(["JIRA", "SAP", "Own 'name'"], self.chance.randint(1, 3))
                ):
                    url = self.maybe(f"https://example.com/{token_of(row['id'])}")
                    if number == 0 or kind == "INITIATIVE":  # all links together fit on one page
                        name = {"kind": kind, "system": system, "external_id": f"{system}-{row['key']}"}
                        self.add("external_link", **name, node_id=row["id"], url=url)

    # People and work -----------------------------------------------------------------------------

    def teams(self) -> None:
        for number, parent in enumerate([None, 0, 0, 1, None]):
            identifier = self.new_id()
            self.add(
                "team",
                id=identifier,
                key=f"team-{number}",
                name=self.name(identifier),
                description=self.maybe(self.text(identifier)),
                parent_id=self.mine["team"][parent]["id"] if parent is not None else None,
                lead_id=self.maybe(self.pick("person")["id"]),
                **self.stamps(),
            )
            self.add(
                "external_link",
                kind="TEAM",
                system="JIRA",
                external_id=f"JIRA-team-{number}",
                node_id=identifier,
                url=self.maybe(f"https://example.com/{token_of(identifier)}"),
            )
            for person in self.chance.sample(self.mine["person"], self.chance.randrange(1, 6)):
                identifier = self.new_id()
                first, last = self.span()
                self.add(
                    "membership",
                    id=identifier,
                    team_id=self.mine["team"][-1]["id"],
                    person_id=person["id"],
                    role=self.maybe(self.text(identifier)),
                    from_on=first,
                    to_on=last,
                    **self.stamps(archivable=False),
                )

    def span(self) -> tuple[date, date | None]:
        first, last = sorted((self.day(), self.day()))
        return first, self.maybe(last)

    def skills(self) -> None:
        for number in range(5):
            identifier = self.new_id()
            self.add(
                "skill",
                id=identifier,
                key=f"skill-{number}",
                name=self.name(identifier),
                category=self.maybe(self.chance.choice(["data", "Ünïcødé"])),
                **self.stamps(),
            )
        for person in self.mine["person"]:
            for skill in self.chance.sample(self.mine["skill"], self.chance.randrange(5)):
                self.add(
                    "person_skill",
                    id=self.new_id(),
                    person_id=person["id"],
                    skill_id=skill["id"],
                    level=self.chance.randint(1, 5),
                    assessed_on=self.day(),
                    **self.stamps(archivable=False),
                )
        for subject in self.chance.sample(self.mine["subject"], 25):
            for skill in self.chance.sample(self.mine["skill"], self.chance.randrange(1, 4)):
                self.add(
                    "skill_demand",
                    id=self.new_id(),
                    subject_id=subject["id"],
                    skill_id=skill["id"],
                    full_time_equivalents=self.chance.choice(["0.5", "1", "2.25"]),
                    level=self.chance.randint(1, 3),
                    **self.stamps(archivable=False),
                )

    def assignments(self) -> None:
        roles = ["AI_ENGINEER", "DATA_SCIENTIST", "SPONSOR", "OTHER"]
        for subject in self.chance.choices(self.mine["subject"], k=30):
            is_person = self.chance.random() < 0.7
            first, last = self.span()
            terms = {
                "role": roles[len(self.mine["assignment"]) % 4],
                "allocation": self.chance.choice(["0", "0.2", "0.5", "0.333", "1"]),
                "from_on": first,
                "to_on": last,
            }
            row = self.add(
                "assignment",
                id=self.new_id(),
                subject_id=subject["id"],
                person_id=self.pick("person")["id"] if is_person else None,
                team_id=None if is_person else self.pick("team")["id"],
                confirmed_on=self.day(),
                **terms,
                **{**self.stamps(archivable=False), "version": self.chance.randint(1, 3)},
            )
            for version in range(1, row["version"] + 1):
                self.add(
                    "assignment_version",
                    assignment_id=row["id"],
                    version=version,
                    recorded_at=self.instant(),
                    superseded_at=None if version == row["version"] else self.instant(),
                    **terms,
                )

    # Health and events ---------------------------------------------------------------------------

    def health(self) -> None:
        """Most nodes are scored, some on several days and in several revisions, some never."""
        nodes = [row for table in ("initiative", "product", "portfolio", "organization") for row in self.mine[table]]
        for node in nodes:
            newest: Row | None = None
            days = sorted(self.chance.sample(range(0, 40, 4), self.chance.choice([0, 1, 1, 3])), reverse=True)
            for day in days:
                for revision in range(1, self.chance.choice([2, 2, 3])):
                    newest = self.score(node["id"], NOW.date() - timedelta(days=day), revision)
            if newest is not None:
                node.update(
                    health_score_id=newest["id"],
                    health_score_mp=newest["score_mp"],
                    health_band=newest["band"],
                )

    def score(self, node_id: UUID, as_of: date, revision: int) -> Row:
        children = [row["id"] for row in self.chance.sample(self.mine["initiative"], self.chance.randrange(4))]
        points = sorted((self.chance.choice([0, 1, 500, 500, 12_345, 20_000]) for _ in children), reverse=True)
        known = self.chance.random() < 0.8
        return self.add(
            "health_score",
            id=self.new_id(),
            node_id=node_id,
            as_of=as_of,
            revision=revision,
            series=self.chance.choice(["LIVE", "LIVE", "LIVE", "RESTATED"]),
            policy_version="default-1",
            engine_version="1",
            fingerprint=self.chance.randbytes(32),
            lifecycle="ACTIVE",
            score_mp=self.chance.choice([0, 40_000, 64_820, 64_820, 100_000, 99_999]) if known else None,
            provisional_mp=(provisional := self.maybe(self.chance.randrange(100_001))),
            band=self.chance.choice(_BANDS) if known else "UNKNOWN",
            band_since=self.day(),
            coverage_mp=self.chance.randrange(100_001),
            freshness_mp=self.chance.choice([0, 100_000, 33_300]),
            confidence_mp=self.chance.randrange(100_001),
            confidence_level=self.chance.choice(["HIGH", "MEDIUM", "LOW", "VERY_LOW"]),
            low_mp=self.chance.randrange(50_000),
            high_mp=self.chance.randrange(50_000, 100_001),
            dimension_names=["CHILDREN", "DELIVERY", "OUTCOMES"],
            dimension_points_mp=[self.chance.randrange(100_001), None, 50_010],
            contribution_keys=["OUTCOMES", "cap:overdue"],
            contribution_points_mp=[12_345, 0],
            driver_paths=[f"CHILDREN/node:ini_{child}" for child in children],
            driver_codes=["CHILD" for _ in children],
            driver_points_mp=points,
            driver_remainder_mp=self.chance.choice([0, 0, 77]),
            cap_keys=["cap:critical_kpi:a", "cap:overdue"][: (caps := self.chance.randrange(3))],
            cap_points_mp=[40_000, provisional or 59_999][:caps],
            excluded_lifecycles=["ARCHIVED"],
            excluded_counts=[self.chance.randrange(1, 5)],
            finish_probability_mp=self.maybe(self.chance.randrange(100_001)),
            schedule_performance=self.maybe(self.chance.choice(["1/3", "7/2", "5"])),
            computed_at=self.instant(),
        )

    def events(self) -> None:
        for sequence in range(1, 41):
            self.event(sequence)

    def event(self, sequence: int) -> None:
        identifier = self.new_id()
        subject = self.maybe(self.pick("subject"), 0.8)
        kind, entity = self.entity_of(subject)
        key = self.maybe(self.pick("api_key"), 0.8) or {}
        changes: list[Row] = [
            {"field": "importance", "from": None, "to": 100},
            {"field": "labels", "from": ["a", 1.5], "to": {"long key": True, "a": None, "b": token_of(identifier)}},
            {"field": "description", "digest": "00"},
        ]
        self.add(
            "event",
            id=identifier,
            type=self.chance.choice(["PRODUCT_CREATED", "KPI_UPDATED", "HEALTH_CHANGED"]),
            entity_kind=kind,
            entity_id=entity["id"],
            subject_id=subject["id"] if subject else None,
            portfolio_id=subject["portfolio_id"] if subject else None,
            actor_key_id=key.get("id"),
            actor_person_id=key.get("person_id"),
            actor_service_account_id=key.get("service_account_id"),
            via=self.chance.choice(["API", "INGEST", "WEBHOOK", "WORKER", "COMMAND"]),
            request_id=self.maybe(f"req-{identifier.hex[-8:]}"),
            changes=changes[: self.chance.randrange(4)],
            occurred_at=self.instant(),
        )
        self.add(
            "event_private_value",
            event_id=identifier,
            position=2,
            from_value=self.maybe(self.text(identifier)),
            to_value=self.maybe(self.text(identifier)),
            salt=b"",
        )
        self.add(
            "event_seal",
            sequence=sequence,
            event_id=identifier,
            digest=bytes(32),
            chain_hash=bytes(32),
            sealed_at=NOW,
        )

    def entity_of(self, subject: Row | None) -> tuple[str, Row]:
        """What an event about the subject may have changed: the subject itself, or one of its KPIs."""
        if subject is None:
            return "PERSON", self.pick("person")
        kpis = [row for row in self.mine["kpi"] if row["subject_id"] == subject["id"]]
        return ("KPI", kpis[0]) if kpis and self.chance.random() < 0.5 else (subject["kind"], subject)

    def signals(self) -> None:
        organization, *others = self.mine["subject"]
        for node in [organization, *self.chance.sample(others, 12)]:
            self.add(
                "signal",
                job="recompute_health",
                target_id=node["id"],
                generation=2 if node is organization else self.chance.choice([1, 2]),
                done_generation=1,
                tries=self.chance.choice([0, 0, 5]),
            )
        for signal in self.mine["signal"]:
            if signal["tries"]:
                signal["parked_at"], signal["error_code"] = NOW, self.chance.choice(["InputError", None])


def _of_kpi(column: str) -> bool:
    return column != "owner_id" and not column.startswith("health_")


def identifiers(rows: Iterable[Row]) -> set[UUID]:
    return {row["id"] for row in rows}
