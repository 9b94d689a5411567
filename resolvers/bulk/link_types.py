"""Lines of what other systems say of our objects, beyond the first name that stands in an object's own line."""

from resolvers.bulk.bulk_type import BulkType
from resolvers.bulk.exported import key_of

_KINDS = (
    *("PORTFOLIO", "PRODUCT", "INITIATIVE", "KPI", "PERSON", "TEAM", "SKILL", "LABEL"),
    *("MILESTONE", "DEPENDENCY", "STATUS_UPDATE", "ASSIGNMENT", "MEMBERSHIP"),
)
_ARCHIVABLE = _KINDS[:11]
_ARCHIVED = " union all ".join(
    f"select from {kind.lower()} n where n.tenant_id = $1 and n.id in (x.node_id, x.subject_id)"
    " and n.archived_at is not null"
    for kind in _ARCHIVABLE
)
# What goes with an end that is archived.
_ENDED = " union all ".join(
    f"select from {table} n join {end} e on e.tenant_id = n.tenant_id and e.id = n.{column}"
    f" where n.tenant_id = $1 and n.id = x.node_id and e.archived_at is not null"
    for table, end, column in (
        ("membership", "team", "team_id"),
        ("membership", "person", "person_id"),
        ("assignment", "team", "team_id"),
        ("assignment", "person", "person_id"),
        ("dependency", "initiative", "blocker_id"),
        ("status_update", "person", "author_person_id"),
        ("status_update", "service_account", "author_service_account_id"),
    )
)
_LINK = f"""
select 'externalLink' as type,
       json_build_object(
         case x.kind when 'STATUS_UPDATE' then 'statusUpdate' else lower(x.kind) end,
         json_build_object('external', json_build_object('system', f.system, 'id', f.external_id))) as entity,
       x.system, x.external_id as "externalId", x.url, x.title, x.authoritative_fields as "authoritativeFields",
       {key_of("service_account", "service_account_id")} as "serviceAccount"
from external_link x
cross join lateral (
  select o.system, o.external_id from external_link o
  where o.tenant_id = $1 and o.kind = x.kind and o.node_id = x.node_id order by o.system, o.external_id limit 1) f
where x.tenant_id = $1 and not exists ({_ARCHIVED} union all {_ENDED})
  and ((x.system, x.external_id) <> (f.system, f.external_id) or x.title is not null
       or x.authoritative_fields <> '{{}}' or x.service_account_id is not null)
order by x.kind, f.system, f.external_id, x.system, x.external_id
"""

# Last: a system owns its fields from then on.
LINKS = (
    BulkType(
        "externalLink",
        "EXTERNAL_LINK",
        "externalLinkSet",
        "externalLinkSet",
        _LINK,
        identity=(),
        kinds={"entityId": _KINDS},
    ),
)
