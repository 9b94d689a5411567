"""How the organization changes."""

import strawberry

from portfolio.enumerations import Scope
from portfolio.identity import print_id
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import Outcome, Payload, Retryable, entity_field, optional
from resolvers.engine.session import Target, Write
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, read_members
from schema import check
from schema.member import Member
from schema.organization.organization import Organization

_MEMBERS = (
    Member("key", check.account_key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
    Member("first_weekday", check.whole(1, 7), nullable=False),
    Member("time_zone", check.time_zone, nullable=False),
)

_UPDATE = """
update organization set version = version + 1, updated_at = $2, key = $3, name = $4, first_weekday = $5
where tenant_id = $1
"""
# The day under way ends in the zone in which it began. A second change on that day replaces the
# first, and a change back undoes it.
_SET_TIME_ZONE = """
update organization o set
  time_zone = $3::text,
  previous_time_zone = nullif(today.zone, $3),
  time_zone_from = case when today.zone = $3 then '-infinity'::timestamptz
    else (date_trunc('day', $2::timestamptz at time zone today.zone) + interval '1 day') at time zone today.zone end
from (select case when $2 >= p.time_zone_from then p.time_zone else p.previous_time_zone end as zone
      from organization p where p.tenant_id = $1) today
where o.tenant_id = $1
"""


@strawberry.input(description="Changes of the organization: an absent member stays.")
class OrganizationUpdateInput(Retryable):
    version: int | None = optional("Version that you saw; null: whichever it has now.")
    key: str | None = optional("Name that people use: 1 to 64 letters, digits, dots, underscores, hyphens or @.")
    name: str | None = optional("Display name, 1 to 200 characters.")
    time_zone: str | None = optional(
        "IANA time zone in which days begin, such as Europe/Zurich; holds from the next day."
    )
    first_weekday: int | None = optional("First day of the week: 1 Monday to 7 Sunday.")


@strawberry.type(description="Answer to a change of the organization.")
class OrganizationPayload(Payload):
    organization: Organization | None = entity_field("Organization as it is now")


@mutation(OrganizationPayload, scope=Scope.ADMIN, tenant_wide=True)
async def organization_update(write: Write, input: OrganizationUpdateInput) -> Outcome:
    """Change the organization to which the key belongs."""
    id = print_id("ORGANIZATION", write.tenant_id)
    row = await write.find_version("ORGANIZATION", "organization", id, input.version)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if changes:
        *plain, time_zone = values.values()
        await write.execute(_UPDATE, write.now, *plain)
        if time_zone != row["time_zone"]:
            await write.execute(_SET_TIME_ZONE, write.now, time_zone)
            write.mark(row["id"])
        target = Target("ORGANIZATION", row["id"], subject_id=row["id"])
        write.record("ORGANIZATION_UPDATED", target, changes)
    return Outcome({"organization": ("ORGANIZATION", row["id"])})


_ORGANIZATION = """
select 'organization' as type, name, time_zone as "timeZone", first_weekday as "firstWeekday"
from organization where tenant_id = $1
"""

LINES = BulkType("organization", "ORGANIZATION", "organizationUpdate", "organizationUpdate", _ORGANIZATION, identity=())
