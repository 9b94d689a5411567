"""Lines of connections to trackers. Their secrets do not travel: a connection that is made anew gets one of its own,
which nobody has seen; connectionSecretRotate shows another."""

from resolvers.bulk.bulk_type import BulkType

_CONNECTION = """
select 'connection' as type, key, name, system from connection where tenant_id = $1 and archived_at is null order by key
"""
_LINKING_RULE = """
select 'linkingRule' as type, c.key as connection, i.key as initiative, x.kind, x.container, x.value
from linking_rule x
join connection c on c.tenant_id = x.tenant_id and c.id = x.connection_id and c.archived_at is null
join initiative i on i.tenant_id = x.tenant_id and i.id = x.initiative_id and i.archived_at is null
where x.tenant_id = $1 and x.archived_at is null order by c.key, i.key, x.kind, x.container, x.value
"""

TRACKERS = (
    BulkType("connection", "CONNECTION", "connectionCreate", "connectionUpdate", _CONNECTION, without=("secret",)),
    BulkType(
        "linkingRule",
        "LINKING_RULE",
        "linkingRuleSet",
        "linkingRuleSet",
        _LINKING_RULE,
        identity=("connectionId", "initiativeId", "kind", "container", "value"),
        where="x.archived_at is null",
    ),
)
