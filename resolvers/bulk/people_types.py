"""Lines of the organization, its people, their skills, and who works on what."""

from resolvers.bulk.bulk_type import BulkType
from resolvers.bulk.exported import external, key_of, subject

_ORGANIZATION = """
select 'organization' as type, name, time_zone as "timeZone", first_weekday as "firstWeekday"
from organization where tenant_id = $1
"""
_PERSON = f"""
select 'person' as type, x.key, x.name, x.email, {external("PERSON")}
from person x where x.tenant_id = $1 and x.archived_at is null order by x.key
"""
_SERVICE_ACCOUNT = """
select 'serviceAccount' as type, key, name
from service_account where tenant_id = $1 and archived_at is null order by key
"""
_SKILL = f"""
select 'skill' as type, x.key, x.name, x.category, {external("SKILL")}
from skill x where x.tenant_id = $1 and x.archived_at is null order by x.key
"""
_PERSON_SKILL = """
select 'personSkill' as type, p.key as person, k.key as skill, x.level, x.assessed_on as "assessedOn"
from person_skill x
join person p on p.tenant_id = x.tenant_id and p.id = x.person_id and p.archived_at is null
join skill k on k.tenant_id = x.tenant_id and k.id = x.skill_id and k.archived_at is null
where x.tenant_id = $1 order by p.key, k.key
"""
_TEAM = f"""
with recursive tree as (
  select id, 0 as depth from team where tenant_id = $1 and parent_id is null
  union all
  select t.id, b.depth + 1 from tree b join team t on t.tenant_id = $1 and t.parent_id = b.id
)
select 'team' as type, x.key, x.name, x.description, {key_of("team", "parent_id")} as parent,
       {key_of("person", "lead_id")} as lead, {external("TEAM")}
from team x join tree on tree.id = x.id where x.tenant_id = $1 and x.archived_at is null order by tree.depth, x.key
"""
_MEMBERSHIP = f"""
select 'membership' as type, t.key as team, p.key as person, x.role, x.from_on as "fromOn", x.to_on as "toOn",
       {external("MEMBERSHIP")}
from membership x
join team t on t.tenant_id = x.tenant_id and t.id = x.team_id and t.archived_at is null
join person p on p.tenant_id = x.tenant_id and p.id = x.person_id and p.archived_at is null
where x.tenant_id = $1 order by t.key, p.key, x.from_on
"""
_SKILL_DEMAND = f"""
select 'skillDemand' as type, s.name as subject, k.key as skill, x.full_time_equivalents as "fullTimeEquivalents",
       x.level
from skill_demand x {subject()}
join skill k on k.tenant_id = x.tenant_id and k.id = x.skill_id and k.archived_at is null
where x.tenant_id = $1 order by s.place, s.key, k.key
"""
_ASSIGNMENT = f"""
select 'assignment' as type, s.name as subject, p.key as person, t.key as team, x.role, x.allocation,
       x.from_on as "fromOn", x.to_on as "toOn", {external("ASSIGNMENT")}
from assignment x {subject()}
left join person p on p.tenant_id = x.tenant_id and p.id = x.person_id and p.archived_at is null
left join team t on t.tenant_id = x.tenant_id and t.id = x.team_id and t.archived_at is null
where x.tenant_id = $1 and num_nonnulls(p.id, t.id) = 1
order by s.place, s.key, p.key, t.key, x.role, x.from_on
"""

PEOPLE = (
    BulkType("organization", "ORGANIZATION", "organizationUpdate", "organizationUpdate", _ORGANIZATION, identity=()),
    BulkType("person", "PERSON", "personCreate", "personUpdate", _PERSON),
    BulkType("serviceAccount", "SERVICE_ACCOUNT", "serviceAccountCreate", "serviceAccountUpdate", _SERVICE_ACCOUNT),
    BulkType("skill", "SKILL", "skillCreate", "skillUpdate", _SKILL),
    BulkType(
        "personSkill",
        "PERSON_SKILL",
        "personSkillSet",
        "personSkillSet",
        _PERSON_SKILL,
        identity=("personId", "skillId"),
    ),
    BulkType("team", "TEAM", "teamCreate", "teamUpdate", _TEAM, kinds={"parentId": ("TEAM",)}),
    BulkType(
        "membership",
        "MEMBERSHIP",
        "membershipStart",
        "membershipEnd",
        _MEMBERSHIP,
        identity=("teamId", "personId", "fromOn"),
    ),
)
STAFF = (
    BulkType(
        "skillDemand",
        "SKILL_DEMAND",
        "skillDemandSet",
        "skillDemandSet",
        _SKILL_DEMAND,
        identity=("subjectId", "skillId"),
    ),
    BulkType(
        "assignment",
        "ASSIGNMENT",
        "assignmentCreate",
        "assignmentUpdate",
        _ASSIGNMENT,
        identity=("subjectId", "personId", "teamId", "role", "fromOn"),
    ),
)
