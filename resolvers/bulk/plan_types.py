"""Lines of plans, and of the organization's own words."""

from resolvers.bulk.bulk_type import BulkType
from resolvers.bulk.exported import external, named

_LABEL = f"""
select 'label' as type, x.name, x.color, {external("LABEL")}
from label x where x.tenant_id = $1 and x.archived_at is null order by x.name_key
"""
_CUSTOM_FIELD = """
select 'customField' as type, key, name, description, entity, type as "valueType", choices
from custom_field where tenant_id = $1 and archived_at is null order by key
"""
# A list that lacks what is archived would take it away in an import: such a list is left out.
_LABELS = f"""
select 'labels' as type, s.name as subject, x.labels
from (select a.tenant_id, a.subject_id, array_agg(l.name order by l.name_key) as labels from label_assignment a
      join label l on l.tenant_id = a.tenant_id and l.id = a.label_id
      where a.tenant_id = $1 group by a.tenant_id, a.subject_id having bool_and(l.archived_at is null)) x
{named("subject_id", "product", "initiative")} order by s.place, s.key
"""
_CUSTOM_FIELD_VALUE = f"""
select 'customFieldValue' as type, f.key as "customField", s.name as entity,
       json_strip_nulls(json_build_object('text', x.text_value, 'number', x.number_value, 'on', x.day_value,
                                          'boolean', x.boolean_value, 'choice', x.choice_value)) as value
from custom_field_value x
join custom_field f on f.tenant_id = x.tenant_id and f.id = x.custom_field_id and f.archived_at is null
{named("node_id", "product", "initiative", "kpi")} where x.tenant_id = $1 order by f.key, s.place, s.key
"""
_MILESTONE = f"""
select 'milestone' as type, i.key as initiative, x.name, x.due_on as "dueOn", x.done_on as "doneOn",
       x.canceled_at is not null as "isCanceled", {external("MILESTONE")}
from milestone x join initiative i on i.tenant_id = x.tenant_id and i.id = x.initiative_id and i.archived_at is null
where x.tenant_id = $1 and x.archived_at is null order by i.key, x.due_on, x.name, x.id
"""
_DEPENDENCY = f"""
select 'dependency' as type, b.key as blocker, w.key as blocked, x.note, {external("DEPENDENCY")}
from dependency x
join initiative b on b.tenant_id = x.tenant_id and b.id = x.blocker_id and b.archived_at is null
join initiative w on w.tenant_id = x.tenant_id and w.id = x.blocked_id and w.archived_at is null
where x.tenant_id = $1 and x.archived_at is null order by b.key, w.key
"""

WORDS = (
    BulkType(
        "label",
        "LABEL",
        "labelCreate",
        "labelUpdate",
        _LABEL,
        identity=("name",),
        match='x.name_key = lower($2::text collate "C")',
    ),
    BulkType("customField", "CUSTOM_FIELD", "customFieldCreate", "customFieldUpdate", _CUSTOM_FIELD),
)
PLANS = (
    BulkType("labels", "LABEL", "labelsSet", "labelsSet", _LABELS, identity=()),
    BulkType(
        "customFieldValue",
        "CUSTOM_FIELD",
        "customFieldValueSet",
        "customFieldValueSet",
        _CUSTOM_FIELD_VALUE,
        identity=(),
    ),
    BulkType(
        "milestone",
        "MILESTONE",
        "milestoneCreate",
        "milestoneUpdate",
        _MILESTONE,
        identity=("initiativeId", "name"),
        where="x.archived_at is null",
    ),
    BulkType(
        "dependency",
        "DEPENDENCY",
        "dependencyCreate",
        "dependencyUpdate",
        _DEPENDENCY,
        identity=("blockerId", "blockedId"),
        where="x.archived_at is null",
    ),
)
