"""The measures of a document after fragment expansion: depth, aliases, directives, repetition, price.

Selection sets are merged as execution merges them, and each merged set is looked at once, however
many paths lead to it: chains of fragments that double at every step stay linear.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from api import limits
from api.graphql.price import Length, Price, SetPrice, Term, list_length
from runtime.refusal import ErrorCode, Refusal

_NO_PAGE: frozenset[Length] = frozenset()


@dataclass(frozen=True)
class Measured:
    """Of a merged set with all below it. `position` is that of its price; leaves have height 1."""

    height: int
    aliases: int
    directives: int
    position: int


@dataclass(frozen=True)
class MergedSelection:
    """A selection set that is merged with others, and the type that it selects from."""

    selections: SelectionSetNode
    type_: GraphQLNamedType | None


@dataclass(frozen=True)
class Selected:
    """A field of a merged set. Its definition is null where the document names what does not exist."""

    node: FieldNode
    definition: GraphQLField | None

    @property
    def type_(self) -> GraphQLOutputType | None:
        return self.definition.type if self.definition else None

    @property
    def length(self) -> Length:
        is_cut = self.definition is not None and "first" in self.definition.args
        return list_length(self.node, limits.DEFAULT_PAGE if is_cut else limits.UNPAGED_LIST)

    @property
    def is_list(self) -> bool:
        return self.type_ is not None and is_list_type(get_nullable_type(self.type_))

    @property
    def is_connection(self) -> bool:
        named = get_named_type(self.type_)
        return isinstance(named, GraphQLObjectType) and "pageInfo" in named.fields

    @property
    def is_introspection(self) -> bool:
        return self.node.name.value in ("__schema", "__type")


@dataclass
class Merged:
    """The fields of a merged set by response key."""

    fields: dict[str, list[Selected]] = field(default_factory=dict)
    selections: int = 0
    directives: int = 0


@dataclass
class Totals:
    """Of a merged set while it is measured."""

    height: int = 0
    aliases: int = 0
    directives: int = 0
    fixed: int = 0
    terms: list[Term] = field(default_factory=list)


@dataclass
class Measurer:
    """Measures the operations and fragments of one document."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    visits: int = 0
    prices: list[SetPrice] = field(default_factory=list)
    _known: dict[tuple[frozenset[int], frozenset[Length]], Measured] = field(default_factory=dict)

    def measure_operation(self, operation: OperationDefinitionNode) -> Price:
        """Raises a Refusal naming the limit that the operation exceeds."""
        part = MergedSelection(operation.selection_set, self.schema.get_root_type(operation.operation))
        roots = sum(len(selected) for selected in self._merge((part,)).fields.values())
        check(ErrorCode.TOO_MANY_ROOT_FIELDS, "root fields", limits.ROOT_FIELDS, roots)
        measured = self._measure((part,), limits.DEPTH, _NO_PAGE)
        directives = measured.directives + len(operation.directives or ())
        check(ErrorCode.TOO_MANY_ALIASES, "aliases", limits.ALIASES, measured.aliases)
        check(ErrorCode.QUERY_TOO_COMPLEX, "directives", limits.DIRECTIVES, directives)
        return Price(self.prices[: measured.position + 1], operation)

    def measure_fragment(self, fragment: FragmentDefinitionNode) -> None:
        """On its own, because validation looks at fragments that no operation uses as well."""
        # What uses it is held to its own depth; introspection's are deeper than others.
        part = self._fragment_part(fragment)
        self._measure((part,), limits.INTROSPECTION_DEPTH, _NO_PAGE)

    def _measure(self, parts: tuple[MergedSelection, ...], room: int, page: frozenset[Length]) -> Measured:
        """`room`: levels that may still follow. `page`: lengths of the connection whose set it is."""
        if room == 0:
            _refuse_depth()
        key = (frozenset(id(part.selections) for part in parts), page)
        measured = self._known.get(key)
        if measured is None:
            measured = self._known[key] = self._measure_anew(parts, room, page)
        if measured.height > room:
            _refuse_depth()
        return measured

    def _measure_anew(self, parts: tuple[MergedSelection, ...], room: int, page: frozenset[Length]) -> Measured:
        merged = self._merge(parts)
        totals = Totals(directives=merged.directives)
        for selected in merged.fields.values():
            totals.aliases += sum(item.node.alias is not None for item in selected)
            _check_repetition(selected)
            objects = [item for item in selected if item.node.selection_set]
            if objects:
                self._add_objects(totals, objects, room, page)
        self.prices.append(SetPrice(totals.fixed, tuple(totals.terms)))
        position = len(self.prices) - 1
        return Measured(totals.height + 1, totals.aliases, totals.directives, position)

    def _add_objects(self, totals: Totals, objects: list[Selected], room: int, page: frozenset[Length]) -> None:
        introspection = any(item.is_introspection for item in objects)
        connection = any(item.is_connection for item in objects)
        lengths = _lengths(objects, connection, page)
        parts = tuple(
            MergedSelection(item.node.selection_set, get_named_type(item.type_))
            for item in objects
            if item.node.selection_set
        )
        levels = limits.INTROSPECTION_DEPTH if introspection else room
        below = self._measure(parts, levels - 1, lengths if connection else _NO_PAGE)
        totals.height = max(totals.height, 1 if introspection else below.height)
        totals.aliases += below.aliases
        totals.directives += below.directives
        if connection:
            # Its nodes and edges carry the length.
            totals.fixed += 1
            totals.terms.append(Term(_NO_PAGE, 0, below.position))
        else:
            totals.terms.append(Term(lengths, 1, below.position))

    def _merge(self, parts: tuple[MergedSelection, ...]) -> Merged:
        """The parts with their fragments, each fragment once."""
        merged = Merged()
        spread: set[str] = set()
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            self._count(merged, len(part.selections.selections))
            for selection in part.selections.selections:
                merged.directives += len(selection.directives or ())
                if isinstance(selection, FieldNode):
                    name = (selection.alias or selection.name).value
                    selected = Selected(selection, self._definition(part.type_, selection))
                    merged.fields.setdefault(name, []).append(selected)
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append(self._inline_part(selection, part.type_))
                elif isinstance(selection, FragmentSpreadNode):
                    fragment = self.fragments.get(selection.name.value)
                    if fragment is not None and selection.name.value not in spread:
                        spread.add(selection.name.value)
                        waiting.append(self._fragment_part(fragment))
        return merged

    def _count(self, merged: Merged, selections: int) -> None:
        merged.selections += selections
        self.visits += selections
        code = ErrorCode.QUERY_TOO_COMPLEX
        check(code, "selections of one object", limits.SELECTIONS_OF_SET, merged.selections)
        check(code, "selections after expansion", limits.VISITS, self.visits)

    def _definition(self, parent: GraphQLNamedType | None, node: FieldNode) -> GraphQLField | None:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return None
        return self.schema.get_field(parent, node.name.value)

    def _inline_part(self, fragment: InlineFragmentNode, parent: GraphQLNamedType | None) -> MergedSelection:
        condition = fragment.type_condition
        type_ = self.schema.get_type(condition.name.value) if condition else parent
        return MergedSelection(fragment.selection_set, type_)

    def _fragment_part(self, fragment: FragmentDefinitionNode) -> MergedSelection:
        type_ = self.schema.get_type(fragment.type_condition.name.value)
        return MergedSelection(fragment.selection_set, type_)


def check(code: ErrorCode, counted: str, limit: int, actual: int) -> None:
    """Raises a Refusal with the code when there are more than the limit."""
    if actual > limit:
        # Beyond 2^53 JavaScript would read another number.
        shown = min(actual, 1 << 53)
        raise Refusal(code, f"At most {limit} {counted} are allowed.", limit=limit, actual=shown)


def _check_repetition(selected: list[Selected]) -> None:
    objects = sum(item.node.selection_set is not None for item in selected)
    code = ErrorCode.QUERY_TOO_COMPLEX
    check(code, "repetitions of one object", limits.REPEATED_OBJECTS, objects)
    check(code, "repetitions of one field", limits.REPEATED_LEAVES, len(selected))


def _lengths(objects: list[Selected], connection: bool, page: frozenset[Length]) -> frozenset[Length]:
    """Of a list or a connection, none for a single object. The lists of a connection are its page."""
    if not connection and not any(item.is_list for item in objects):
        return _NO_PAGE
    if page and not connection:
        return page
    return frozenset(item.length for item in objects)


def _refuse_depth() -> NoReturn:
    raise Refusal(
        ErrorCode.QUERY_TOO_DEEP,
        f"A query nests at most {limits.DEPTH} levels of fields.",
        limit=limits.DEPTH,
        actual=limits.DEPTH + 1,
    )
