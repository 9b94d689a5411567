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
from resolvers.engine.external import hold_external
from resolvers.engine.outcome import Outcome
from resolvers.engine.session import Write


@dataclass(frozen=True)
class Change:
    """What the executor knows of a mutation.

    function: takes a Write and the field's arguments, returns the Outcome, raises Rejection.
    defaults: payload values, by GraphQL name, of a refused input.
    tenant_wide: refused to keys that are limited to portfolios.
    """

    function: Callable[..., Awaitable[Outcome]]
    scope: Scope
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tenant_wide: bool = False

    async def run(self, write: Write, arguments: Mapping[str, Any]) -> Outcome:
        """Raises Rejection. arguments: as the function takes them, `input` of a mutation."""
        write.input = arguments.get("input")
        await hold_external(write, write.input)
        return await self.function(write, **arguments)


def mutation(
    payload: type, *, scope: Scope = Scope.WRITE, tenant_wide: bool = False
) -> Callable[[Callable[..., Awaitable[Outcome]]], StrawberryField]:
    """Declares `async def noun_verb(write, input) -> Outcome`; its docstring is the description.

    The field's own resolver is never called: `resolvers.engine.write.change` runs the function.
    """

    def declare(function: Callable[..., Awaitable[Outcome]]) -> StrawberryField:
        change = Change(function, scope, _defaults(payload), tenant_wide)
        description = " ".join((function.__doc__ or "").split())
        declared: Any = strawberry.mutation(
            resolver=_signature_only(function, payload),
            description=f"{description} Needs the scope {scope}.",
            metadata={"change": change},
        )
        return declared

    return declare


def _defaults(payload: type) -> dict[str, Any]:
    """Values of the payload's plain fields, userErrors and warnings apart."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(payload):
        if field.default is not dataclasses.MISSING:
            values[to_camel_case(field.name)] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            values[to_camel_case(field.name)] = field.default_factory()
    return {name: value for name, value in values.items() if name not in ("userErrors", "warnings")}


def _signature_only(function: Callable[..., Any], payload: type) -> Callable[..., Any]:
    def resolver(**_: Any) -> Any:
        raise AssertionError("mutations are run by resolvers.engine.write.change")

    hint = inspect.get_annotations(function, eval_str=True)["input"]
    argument = Annotated[hint, strawberry.argument(description="What to change.")]
    parameter = inspect.Parameter("input", inspect.Parameter.KEYWORD_ONLY, annotation=argument)
    resolver.__name__ = function.__name__
    resolver.__annotations__ = {"input": argument, "return": payload | None}
    resolver.__signature__ = inspect.Signature([parameter], return_annotation=payload | None)
    return resolver
