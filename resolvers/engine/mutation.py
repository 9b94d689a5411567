"""How a function becomes a field of the mutation root."""

import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from portfolio.enumerations import Scope
from resolvers.engine.outcome import Outcome
from resolvers.engine.session import Write
from resolvers.entity.external import hold_external

Run = Callable[..., Awaitable[Outcome]]
"""Takes a Write and the field's arguments, returns the Outcome, raises Rejection."""


@dataclass(frozen=True)
class DeclaredMutation:
    """What the executor knows of a mutation.

    name: as Python spells it; input_type: class of its argument. None, where no field of the schema leads to it.
    defaults: payload values, by GraphQL name, of a refused input.
    tenant_wide: refused to keys that are limited to portfolios.
    """

    function: Run
    scope: Scope
    name: str = ""
    input_type: Any = None
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    tenant_wide: bool = False

    async def run(self, write: Write, arguments: Mapping[str, Any]) -> Outcome:
        """Raises Rejection. arguments: as the function takes them, `input` of a mutation."""
        write.input = arguments.get("input")
        await hold_external(write, write.input)
        return await self.function(write, **arguments)


def mutation(
    payload: type, *, scope: Scope = Scope.WRITE, tenant_wide: bool = False
) -> Callable[[Run], StrawberryField]:
    """Declares `async def noun_verb(write, input) -> Outcome`; its docstring is the description."""

    def declare(function: Any) -> StrawberryField:
        input_type = inspect.get_annotations(function, eval_str=True)["input"]
        change = DeclaredMutation(function, scope, function.__name__, input_type, _defaults(payload), tenant_wide)
        return declare_change(change, payload, function.__doc__ or "")

    return declare


def declare_change(change: DeclaredMutation, payload: Any, description: str) -> StrawberryField:
    """The field's own resolver is never called: `resolvers.engine.write.change` runs the function."""
    declared: Any = strawberry.mutation(
        resolver=_signature_only(change, payload),
        description=f"{' '.join(description.split())} Needs the scope {change.scope}.",
        metadata={"change": change},
    )
    return declared


def change_of(field: Any) -> DeclaredMutation:
    return field.metadata["change"]


def _defaults(payload: type) -> dict[str, Any]:
    """Values of the payload's plain fields, userErrors and warnings apart."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(payload):
        if field.default is not dataclasses.MISSING:
            values[to_camel_case(field.name)] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            values[to_camel_case(field.name)] = field.default_factory()
    return {name: value for name, value in values.items() if name not in ("userErrors", "warnings")}


def _signature_only(change: DeclaredMutation, payload: Any) -> Callable[..., Any]:
    def resolver(**_: Any) -> Any:
        raise AssertionError("mutations are run by resolvers.engine.write.change")

    argument = Annotated[change.input_type, strawberry.argument(description="What to change.")]
    parameter = inspect.Parameter("input", inspect.Parameter.KEYWORD_ONLY, annotation=argument)
    resolver.__name__ = change.name
    resolver.__annotations__ = {"input": argument, "return": payload | None}
    resolver.__signature__ = inspect.Signature([parameter], return_annotation=payload | None)
    return resolver
