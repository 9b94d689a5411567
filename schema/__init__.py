"""What clients may ask for: one file an entity, in rooms by domain; each says what is special about the entity once."""

import strawberry

from compiler.declare import refetch
from schema.entities import ENTITIES, QUERIES
from schema.node import Node
from schema.search import SearchQuery

__all__ = ["ENTITIES", "Query"]


@strawberry.type(description="Everything that can be read. An operation is one statement on one snapshot of the data.")
class Query(*QUERIES, SearchQuery):
    node = refetch(Node, "Object of any type by its id; null when there is none that you may see.", many=False)
    nodes = refetch(
        Node,
        "Objects of any type by their ids, in the order asked; null for each that is not there or that you may not see.",
        many=True,
    )
