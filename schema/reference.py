"""External references: the names by which other systems know an object."""

from typing import Any

import strawberry

from compiler.declare import column, rows, value_object


@value_object
class ExternalReference:
    """Name of an object in another system."""

    system: str = column("The other system, such as JIRA or a name of your own.")
    external_id: str = column("Id there.")
    url: str | None = column("Address for people; null when none was given.")


@strawberry.input(description="Name of an object in another system, for a look-up.")
class ExternalReferenceBy:
    system: str = strawberry.field(description="The other system, as it was given when the reference was made.")
    id: str = strawberry.field(description="Id there.")


def external_references() -> Any:
    return rows(
        ExternalReference,
        "Names of this object in other systems, by system; at most 50.",
        "(select x.* from external_reference x where x.tenant_id = {tenant} and x.node_id = {self}.id order by x.system, x.external_id limit 50) {other}",
        "{other}.system, {other}.external_id",
    )


def by_id_key_or_external(kind: str) -> dict[str, str]:
    """Look-up conditions of an entity that has a key and external references."""
    return {
        "id": "{other}.id = {value}",
        "key": "{other}.key = {value}",
        "external": f"{{other}}.id = (select x.node_id from external_reference x where x.tenant_id = {{tenant}} and x.kind = '{kind}'"
        " and x.system = {system} and x.external_id = {id})",
    }


def lookup_input(name: str, entity: str, *, external: bool) -> Any:
    """A @oneOf input: id, key, and for some entities an external reference."""
    annotations: dict[str, Any] = {"id": strawberry.ID | None, "key": str | None}
    body: dict[str, Any] = {
        "id": strawberry.field(description=f"Id of the {entity}.", default=strawberry.UNSET),
        "key": strawberry.field(description=f"Key of the {entity}.", default=strawberry.UNSET),
    }
    if external:
        annotations["external"] = ExternalReferenceBy | None
        body["external"] = strawberry.field(
            description=f"Name of the {entity} in another system.", default=strawberry.UNSET
        )
    made = type(name, (), {"__annotations__": annotations, "__module__": __name__, **body})
    return strawberry.input(made, one_of=True, description=f"Exactly one name of the {entity}.")
