"""SQL that names objects as lines do. What is archived is left out, with all that belongs to it."""

_EXTERNAL = """(select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = '{kind}' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external"""
_NAMED = """select json_build_object('{table}', n.key) as name, {place} as place, n.key from {table} n
  where n.tenant_id = {at}.tenant_id and n.id = {at}.{column} and n.archived_at is null and {condition}"""
_ORGANIZATION = "select json_build_object('organization', true) as name, 0 as place, '' as key where {at}.{column} = $1"

LIVE_KPI = """not exists (
    select from portfolio a where a.tenant_id = n.tenant_id and a.id = n.subject_id and a.archived_at is not null
    union all
    select from product a where a.tenant_id = n.tenant_id and a.id = n.subject_id and a.archived_at is not null
    union all
    select from initiative a where a.tenant_id = n.tenant_id and a.id = n.subject_id and a.archived_at is not null)"""


# In place of a value: the member is left out of the line. No text that we keep holds a control character.
LEFT_OUT = "chr(1)"


def external(kind: str) -> str:
    """The member of an object x that another system may name."""
    return _EXTERNAL.format(kind=kind)


def key_of(table: str, column: str) -> str:
    """Key of what a column of x points to. Of something archived nothing is said: null would clear it in an import."""
    key = f"case when n.archived_at is null then n.key else {LEFT_OUT} end"
    return f"(select {key} from {table} n where n.tenant_id = x.tenant_id and n.id = x.{column})"


def named(column: str, *kinds: str, at: str = "x") -> str:
    """Joins s: the name of what a column points to, and place and key to sort by."""
    parts = [
        _ORGANIZATION.format(at=at, column=column)
        if kind == "organization"
        else _NAMED.format(
            table=kind,
            place=place,
            at=at,
            column=column,
            condition=LIVE_KPI if kind == "kpi" else "true",
        )
        for place, kind in enumerate(kinds)
    ]
    return f"cross join lateral ({' union all '.join(parts)}) s"


def holder(person_column: str, account_column: str) -> str:
    """Joins h, as `named` joins s: the person or the service account whose an x is."""
    parts = (
        f"""select json_build_object('{member}', n.key) as name, {place} as place, n.key from {table} n
  where n.tenant_id = x.tenant_id and n.id = x.{column} and n.archived_at is null"""
        for place, (member, table, column) in enumerate(
            (("person", "person", person_column), ("serviceAccount", "service_account", account_column))
        )
    )
    return f"cross join lateral ({' union all '.join(parts)}) h"


def subject(at: str = "x") -> str:
    """As `named`, of what anything can be about."""
    return named("subject_id", "organization", "portfolio", "product", "initiative", at=at)
