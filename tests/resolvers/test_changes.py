"""What every change keeps: scopes, idempotency, one transaction, retries."""

import asyncio
import dataclasses
import importlib
import pkgutil
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import resolvers
from portfolio.enumerations import Scope
from portfolio.identity import print_id
from resolvers import CHANGES
from resolvers.engine.mutation import DeclaredMutation
from resolvers.engine.outcome import Outcome, UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.engine.write import PayloadSelection, change
from runtime.refusal import ErrorCode, Refusal
from tests.resolvers.tenant import ALL_SCOPES, Tenant, codes

CHURN = {"key": "CHURN", "name": "Churn model"}


async def test_the_same_input_again_is_carried_out_once_and_answered_with_the_same_bytes(tenant: Tenant, home: str):
    input = {**CHURN, "portfolio_id": home, "idempotency_key": "k1"}
    first = await tenant.send(tenant.context(), "productCreate", input)
    answers = tenant.answers
    assert await tenant.send(tenant.context(), "productCreate", input) == first
    assert tenant.answers == answers
    assert len(await tenant.rows("select 1 from product")) == 1
    assert len(await tenant.events("PRODUCT_CREATED")) == 1


async def test_concurrent_twins_have_one_effect_and_one_answer(tenant: Tenant, home: str):
    input = {**CHURN, "portfolio_id": home, "idempotency_key": "k1"}
    calls = [tenant.send(tenant.context(), "productCreate", input) for _ in range(10)]
    assert len(set(await asyncio.gather(*calls))) == 1
    assert len(await tenant.rows("select 1 from product")) == 1


async def test_another_selection_is_read_again_by_the_stored_ids(tenant: Tenant, home: str):
    input = {**CHURN, "portfolio_id": home, "idempotency_key": "k1"}
    first = await tenant.change("productCreate", input)
    answers = tenant.answers
    assert await tenant.change("productCreate", input, selection="other") == first
    assert tenant.answers == answers + 1
    assert len(await tenant.rows("select 1 from product")) == 1


async def test_a_key_that_sees_less_never_gets_the_bytes_of_one_that_sees_more(tenant: Tenant, home: str):
    input = {**CHURN, "portfolio_id": home, "idempotency_key": "k1"}
    await tenant.change("productCreate", input)
    answers = tenant.answers
    await tenant.change("productCreate", input, tenant.viewer(grants=[home]))
    assert tenant.answers == answers + 1


@pytest.mark.parametrize("other", [{"name": "Other"}, {"description": None}])
async def test_another_input_under_the_same_key_is_a_mismatch(tenant: Tenant, home: str, other: dict[str, Any]):
    input = {**CHURN, "portfolio_id": home, "idempotency_key": "k1"}
    await tenant.change("productCreate", input)
    answer = await tenant.change("productCreate", {**input, **other})
    assert codes(answer) == [("IDEMPOTENCY_MISMATCH", "idempotencyKey")]
    elsewhere = {"key": "P", "name": "P", "idempotency_key": "k1"}
    assert codes(await tenant.change("portfolioCreate", elsewhere)) == [("IDEMPOTENCY_MISMATCH", "idempotencyKey")]


async def test_a_rejected_input_is_remembered_too(tenant: Tenant, home: str):
    input = {**CHURN, "portfolio_id": home, "idempotency_key": "k1"}
    taken = await tenant.made("productCreate", {**CHURN, "portfolio_id": home})
    assert codes(await tenant.change("productCreate", input)) == [("DUPLICATE", "key")]
    await tenant.change("productUpdate", {"id": taken, "key": "OTHER"})
    assert codes(await tenant.change("productCreate", input)) == [("DUPLICATE", "key")]


async def test_a_key_is_free_again_after_seven_days(tenant: Tenant, home: str):
    input = {**CHURN, "portfolio_id": home, "idempotency_key": "k1"}
    await tenant.change("productCreate", input)
    tenant.clock.current += timedelta(days=7, minutes=1)
    answer = await tenant.change("productCreate", {**input, "key": "CHURN-2"})
    assert answer["userErrors"] == []
    assert len(await tenant.rows("select 1 from product")) == 2


async def test_the_key_of_the_input_comes_before_that_of_the_header(tenant: Tenant):
    for key in ("A1", "B1"):
        input = {"key": key, "name": "P", "idempotency_key": f"input-{key}"}
        await tenant.send(tenant.context(key="header"), "portfolioCreate", input)
    assert len(await tenant.rows("select 1 from portfolio")) == 2
    for _ in range(2):
        await tenant.send(tenant.context(key="header"), "portfolioCreate", {"key": "C1", "name": "P"})
    assert len(await tenant.rows("select 1 from portfolio")) == 3


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "ümlaut", "\n"])
async def test_a_malformed_idempotency_key_is_refused(tenant: Tenant, key: str):
    answer = await tenant.change("portfolioCreate", {"key": "AA", "name": "P", "idempotency_key": key})
    assert codes(answer) == [("INVALID", "idempotencyKey")]
    assert await tenant.rows("select 1 from portfolio") == []


async def test_a_secret_is_in_the_first_answer_only_and_stored_nowhere(tenant: Tenant):
    input = {
        "name": "CI",
        "person_id": print_id("PERSON", tenant.person_id),
        "scopes": ["READ"],
        "idempotency_key": "k1",
    }
    first = await tenant.change("apiKeyCreate", input)
    second = await tenant.change("apiKeyCreate", input)
    assert first["secret"].startswith("fsk_")
    assert first["warnings"] == []
    assert (second["apiKey"], second["secret"]) == (first["apiKey"], None)
    assert [warning["code"] for warning in second["warnings"]] == ["SECRET_SHOWN_ONCE"]
    for table in ("idempotency_record", "api_key", "event", "event_private_value"):
        rows = await tenant.rows(f"select x::text as stored from {table} x")
        assert not any(first["secret"][-43:] in row["stored"] for row in rows), table
    assert len(await tenant.rows("select 1 from api_key")) == 1


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("productCreate", "WRITE"),
        ("measurementsRecord", "INGEST"),
        ("organizationUpdate", "ADMIN"),
        ("apiKeyCreate", "ADMIN"),
    ],
)
async def test_a_change_needs_its_scope(tenant: Tenant, name: str, scope: str):
    declared = CHANGES[name]
    assert declared.scope == scope
    viewer = tenant.viewer(ALL_SCOPES - {scope})
    with pytest.raises(Refusal) as caught:
        await change(tenant.context(viewer), name, declared, {}, PayloadSelection(_never))
    assert caught.value.code == ErrorCode.FORBIDDEN


async def test_what_concerns_the_whole_organization_is_refused_to_a_limited_key(tenant: Tenant, home: str):
    viewer = tenant.viewer(grants=[home])
    for name, input in [
        ("personCreate", {"key": "bob", "name": "Bob"}),
        ("organizationUpdate", {"name": "Mine"}),
        ("serviceAccountCreate", {"key": "bot", "name": "Bot"}),
        ("apiKeyCreate", {"name": "All", "scopes": ["ADMIN"]}),
    ]:
        with pytest.raises(Refusal) as caught:
            await tenant.change(name, input, viewer)
        assert caught.value.code == ErrorCode.FORBIDDEN


async def test_a_key_that_may_not_read_gets_no_object_back(tenant: Tenant, home: str):
    viewer = tenant.viewer(frozenset({"WRITE"}))
    answer = await tenant.change("productCreate", {**CHURN, "portfolio_id": home}, viewer)
    assert answer == {"userErrors": [], "warnings": [], "product": None}


async def _never(_: asyncpg.Connection, __: Outcome) -> bytes:
    raise AssertionError("nothing is to be answered")


@dataclasses.dataclass
class _Input:
    idempotency_key: str


async def _print(_: asyncpg.Connection, outcome: Outcome) -> bytes:
    return b";".join(error.code.encode() for error in outcome.user_errors)


@pytest.mark.usefixtures("home")
async def test_a_failure_leaves_no_trace_and_the_call_may_be_repeated(tenant: Tenant):
    failures = [RuntimeError("broken")]

    async def fail_once(write: Write, input: _Input) -> Outcome:
        await write.execute("update portfolio set name = $2 where tenant_id = $1", input.idempotency_key)
        if failures:
            raise failures.pop()
        return Outcome()

    declared = DeclaredMutation(fail_once, Scope.WRITE)
    arguments = {"input": _Input("k1")}
    with pytest.raises(RuntimeError):
        await change(tenant.context(), "x", declared, arguments, PayloadSelection(_print))
    assert await tenant.rows("select 1 from idempotency_record") == []
    assert await tenant.rows("select name from portfolio") == [{"name": "Home"}]
    await change(tenant.context(), "x", declared, arguments, PayloadSelection(_print))
    assert await tenant.rows("select name from portfolio") == [{"name": "k1"}]


@pytest.mark.usefixtures("home")
async def test_a_rejection_undoes_the_rows_and_keeps_the_record(tenant: Tenant):
    async def reject_late(write: Write, input: _Input) -> Outcome:
        await write.execute("update portfolio set name = $2 where tenant_id = $1", input.idempotency_key)
        raise reject(UserErrorCode.CONFLICT, "No.")

    declared = DeclaredMutation(reject_late, Scope.WRITE)
    answer = await change(tenant.context(), "x", declared, {"input": _Input("k1")}, PayloadSelection(_print))
    assert answer == b"CONFLICT"
    assert await tenant.rows("select name from portfolio") == [{"name": "Home"}]
    assert len(await tenant.rows("select 1 from idempotency_record")) == 1


@pytest.mark.parametrize("failures", [1, 3, 4])
async def test_a_deadlock_is_tried_again_three_times(tenant: Tenant, failures: int):
    left = [failures]

    async def collide(_: Write) -> Outcome:
        if left[0] > 0:
            left[0] -= 1
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return Outcome()

    run = change(tenant.context(), "x", DeclaredMutation(collide, Scope.WRITE), {}, PayloadSelection(_print))
    if failures <= 3:
        assert await run == b""
        return
    with pytest.raises(Refusal) as caught:
        await run
    assert caught.value.code == ErrorCode.CONFLICT


async def test_every_hand_written_statement_is_understood_by_postgresql(tenant: Tenant):
    statements = 0
    async with tenant.database.transaction(tenant.id) as connection:
        for module in pkgutil.walk_packages(resolvers.__path__, "resolvers."):
            if module.name.startswith("resolvers.bulk"):
                continue  # fragments, of which tests/bulk runs the whole
            members = vars(importlib.import_module(module.name)).items()
            for name, value in members:
                for text in value.values() if isinstance(value, dict) else [value]:
                    if name.startswith("_") and _is_statement(text):
                        await connection.prepare(text)
                        statements += 1
    assert statements > 80


def _is_statement(value: Any) -> bool:
    words = ("select", "insert", "update", "delete", "with")
    return isinstance(value, str) and value.split(" ")[0].strip() in words and "{" not in value


async def test_ids_of_other_kinds_and_no_ids_at_all_are_not_found(tenant: Tenant, product: str):
    nobody = print_id("PRODUCT", UUID(int=5))
    for id in (nobody, "", "x", print_id("KPI", UUID(product[4:])), product.upper(), "\x00"):
        assert codes(await tenant.change("productUpdate", {"id": id, "name": "X"})) == [("NOT_FOUND", "id")]
