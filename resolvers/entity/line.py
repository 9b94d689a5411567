"""What a type of line is: the mutations it goes through, what its object is known by, and how it is exported."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.declare import screaming_case


@dataclass(frozen=True)
class BulkType:
    """One declaration a type. A line has the members of the mutations' inputs; ids are names there: owner, not ownerId.

    create, update: mutations by their GraphQL names. update null: what was made stays as it is. Both the same: it says
    what is from now on.
    identity: members of the input by which the object is known; none: it is found by no line. needed: those of them
    that a line must have though the input has a default. match: SQL in place of the comparison of the columns of these
    names, $2 on. where: a condition on {x} that the object must meet.
    kinds: of references whose member does not tell, such as ownerId, and those that are named inside a member.
    json: members that hold JSON in which objects are named. without: members that no line has; always: those that are
    the same for every line.
    tenant_wide: refused to keys that are limited to portfolios.
    export: SELECT of a tenant's rows ($1), one column a member, in an order that import keeps.
    """

    name: str
    kind: str
    create: str
    update: str | None
    export: str
    identity: tuple[str, ...] = ("key",)
    needed: tuple[str, ...] = ()
    match: str | None = None
    where: str = "true"
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    json: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    always: Mapping[str, object] = field(default_factory=dict[str, object])
    tenant_wide: bool = False

    @property
    def table(self) -> str:
        return self.kind.lower()

    @property
    def names(self) -> frozenset[str]:
        """Other kinds of objects that a line may name."""
        known_by = (kind for member in self.identity if member.endswith("Id") for kind in self.kinds_of(member))
        return frozenset((*known_by, *(kind for kinds in self.kinds.values() for kind in kinds))) - {self.kind}

    def kinds_of(self, member: str) -> tuple[str, ...]:
        """Of objects that a member of the inputs may name; productId is a product's, unless `kinds` says otherwise."""
        return self.kinds.get(member) or (screaming_case(member.removesuffix("Id")),)
