"""Lines of what people report, and of the lists that they share."""

from resolvers.bulk.bulk_type import BulkType
from resolvers.bulk.exported import external, holder, subject
from resolvers.bulk.names import HOLDERS

# The latest first: those that follow change nothing of what is shown.
_STATUS_UPDATE = f"""
select 'statusUpdate' as type, s.name as subject, h.name as author, x.reported_at as "reportedAt", x.status, x.body,
       {external("STATUS_UPDATE")}
from status_update x {subject()} {holder("author_person_id", "author_service_account_id")}
where x.tenant_id = $1 and x.archived_at is null
order by s.place, s.key, x.reported_at desc, x.id
"""
_SAVED_VIEW = f"""
select 'savedView' as type, h.name as owner, x.entity, x.name, x.filter, x.order_by as "orderBy"
from saved_view x {holder("person_id", "service_account_id")}
where x.tenant_id = $1 and x.shared_at is not null and x.archived_at is null
order by h.place, h.key, x.entity, x.name, x.id
"""

REPORTS = (
    BulkType(
        "statusUpdate",
        "STATUS_UPDATE",
        "statusUpdateCreate",
        None,
        _STATUS_UPDATE,
        identity=("subjectId", "authorId", "reportedAt"),
        needed=("authorId", "reportedAt"),
        match="x.subject_id = $2 and coalesce(x.author_person_id, x.author_service_account_id) = $3"
        " and x.reported_at = $4",
        where="x.archived_at is null",
    ),
    # Those that are not shared are their owner's alone.
    BulkType(
        "savedView",
        "SAVED_VIEW",
        "savedViewCreate",
        None,
        _SAVED_VIEW,
        identity=("ownerId", "entity", "name", "filter", "orderBy"),
        needed=("ownerId",),
        match="coalesce(x.person_id, x.service_account_id) = $2 and x.entity = $3 and x.name = $4"
        " and x.filter is not distinct from $5::text::jsonb and x.order_by is not distinct from $6::text::jsonb",
        where="x.shared_at is not null and x.archived_at is null",
        kinds={"ownerId": HOLDERS},
        json=("filter", "orderBy"),
        always={"isShared": True},
        tenant_wide=True,
    ),
)
