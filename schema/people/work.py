"""The wall before people and teams: a viewer with portfolio grants sees those who have to do with what it sees."""


def works_in_sight(holder: str, id: str) -> str:
    """Whether an assignment on something that the viewer sees names the person or team; holder: its column."""
    return (
        "exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id"
        f" where a.tenant_id = {{self}}.tenant_id and a.{holder} = {id} and s.portfolio_id = any({{granted}}))"
    )


def answers_in_sight(id: str) -> str:
    """Whether a person answers for something that the viewer sees."""
    return " or ".join(
        f"exists (select from {owned} o where o.tenant_id = {{self}}.tenant_id and o.owner_id = {id} and o.{wall} = any({{granted}}))"
        for owned, wall in (
            ("portfolio", "id"),
            ("product", "portfolio_id"),
            ("initiative", "portfolio_id"),
        )
    )


def person_in_sight(id: str) -> str:
    return f"({answers_in_sight(id)} or {works_in_sight('person_id', id)})"
