"""The webhook door: what is let in, what is not, and that nobody learns which connections exist."""

import asyncio
import hashlib
import hmac
import json
from uuid import uuid4

import asyncpg
import httpx
import pytest

from api.webhooks import WebhookDoor
from portfolio.identity import print_id
from runtime.clock import Clock
from runtime.encryption import SecretBox, Undecryptable
from runtime.postgres import Database
from tests.github.tracker import SECRET, Tracker, client_of, issue, issue_event, signed

BODY = json.dumps(issue_event("opened", issue(7, "2026-11-20T10:00:00Z"))).encode()


async def test_an_authentic_delivery_is_one_row_and_one_signal(tracker: Tracker) -> None:
    answer = await tracker.deliver("issues", BODY, key="11111111-aaaa")
    assert answer.status_code == 202
    [row] = await tracker.fetch("select * from delivery where tenant_id = $1")
    assert answer.json() == {"delivery": print_id("DELIVERY", row["id"]), "duplicate": False}
    assert (row["event"], row["delivery_key"], row["status"]) == ("issues", "11111111-aaaa", "NEW")
    assert set(json.loads(row["headers"])) == {
        "content-type",
        "user-agent",
        "x-github-event",
        "x-github-delivery",
    }
    [signal] = await tracker.fetch("select job, target_id from signal where tenant_id = $1")
    assert tuple(signal) == ("apply_deliveries", tracker.connection_id)
    [connection] = await tracker.fetch("select last_delivery_at from connection where tenant_id = $1")
    assert connection["last_delivery_at"] is not None


async def test_a_repeated_delivery_is_accepted_and_stored_once(tracker: Tracker) -> None:
    first = await tracker.deliver("issues", BODY, key="again")
    copies = await asyncio.gather(*(tracker.deliver("issues", BODY, key="again") for _ in range(5)))
    other = await tracker.deliver("issues", BODY + b" ", key="again")
    assert {copy.status_code for copy in (*copies, other)} == {202}
    expected = {"delivery": first.json()["delivery"], "duplicate": True}
    assert all(copy.json() == expected for copy in (*copies, other))
    assert len(await tracker.statuses()) == 1


async def test_copies_that_arrive_together_are_one(tracker: Tracker) -> None:
    copies = await asyncio.gather(*(tracker.deliver("issues", BODY, key="new") for _ in range(6)))
    assert {copy.status_code for copy in copies} == {202}
    assert sum(not copy.json()["duplicate"] for copy in copies) == 1
    assert len(await tracker.statuses()) == 1


async def test_the_same_delivery_id_on_two_connections_works_twice(
    tracker: Tracker,
) -> None:
    neighbor = await tracker.neighbor()
    await tracker.deliver("issues", BODY, key="shared")
    assert (await neighbor.deliver("issues", BODY, key="shared")).json()["duplicate"] is False
    assert len(await tracker.statuses()) == len(await neighbor.statuses()) == 1


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "clé"])
async def test_without_a_sane_delivery_id_the_content_is_the_identity(tracker: Tracker, key: str) -> None:
    headers = signed(BODY, "issues", "unused") | {"x-github-delivery": key}
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    for _ in range(2):
        assert (await tracker.post(BODY, raw)).status_code == 202
    [row] = await tracker.fetch("select delivery_key from delivery where tenant_id = $1")
    assert row["delivery_key"] == hashlib.sha256(BODY).hexdigest()


def _digest(secret: bytes, body: bytes = BODY, method: str = "sha256") -> str:
    return hmac.new(secret, body, method).hexdigest()


def _named(headers: httpx.Headers) -> dict[str, str]:
    """Without what numbers each request."""
    return {name: value for name, value in headers.items() if name != "x-request-id"}


_GOOD = _digest(SECRET.encode())
_FORGERIES = {
    "none": [],
    "empty": [b""],
    "sha1 only": [b"sha1=" + _digest(SECRET.encode(), method="sha1").encode()],
    "no prefix": [_GOOD.encode()],
    "short": [b"sha256=" + _GOOD[:-1].encode()],
    "long": [b"sha256=" + _GOOD.encode() + b"0"],
    "upper case": [b"sha256=" + _GOOD.upper().encode()],
    "not ASCII": [b"sha256=" + b"\xe9" * 64],
    "digits of another script": [b"sha256=" + "\N{ARABIC-INDIC DIGIT ONE}".encode() * 64],
    "overlong": [b"sha256=" + b"a" * 8000],
    "twice": [b"sha256=" + _GOOD.encode()] * 2,
    "wrong secret": [b"sha256=" + _digest(b"wrong").encode()],
    "empty secret": [b"sha256=" + _digest(b"").encode()],
    "other body": [b"sha256=" + _digest(SECRET.encode(), BODY[:-1] + b"]").encode()],
}


@pytest.mark.parametrize("name", _FORGERIES)
async def test_a_forged_delivery_and_an_unknown_connection_get_the_same_answer(tracker: Tracker, name: str) -> None:
    headers = [(b"x-github-event", b"issues"), (b"x-github-delivery", b"d")]
    headers += [(b"x-hub-signature-256", value) for value in _FORGERIES[name]]
    path = f"/webhooks/{print_id('CONNECTION', tracker.connection_id)}"
    forged = await tracker.client.post(path, content=BODY, headers=headers)
    unknown_path = f"/webhooks/{print_id('CONNECTION', uuid4())}"
    nowhere = await tracker.client.post(unknown_path, content=BODY, headers=headers)
    unknown = await tracker.client.post(unknown_path, content=BODY, headers=signed(BODY, "issues", "d"))
    assert forged.status_code == nowhere.status_code == unknown.status_code == 401
    assert forged.content == nowhere.content == unknown.content
    assert _named(forged.headers) == _named(nowhere.headers)
    assert forged.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert await tracker.statuses() == []


@pytest.mark.parametrize(
    "path", ["con_nothing", "x", "%00", "prd_018f0000-0000-7000-8000-000000000000", "con_%E2%82%AC"]
)
async def test_an_address_that_no_connection_has_is_refused_alike(tracker: Tracker, path: str) -> None:
    answer = await tracker.client.post(f"/webhooks/{path}", content=BODY, headers=signed(BODY, "issues", "d"))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
        401,
        "UNAUTHENTICATED",
    )


async def test_an_archived_connection_takes_nothing(tracker: Tracker) -> None:
    await tracker.administration.execute(
        "update connection set archived_at = now() where tenant_id = $1", tracker.tenant_id
    )
    assert (await tracker.deliver("issues", BODY)).status_code == 401
    assert await tracker.statuses() == []


async def test_a_connection_without_a_live_secret_takes_not_even_an_empty_key(
    tracker: Tracker,
) -> None:
    execute = tracker.administration.execute
    await execute("update connection_secret set retired_at = now() where tenant_id = $1", tracker.tenant_id)
    assert (await tracker.deliver("issues", BODY)).status_code == 401
    assert (await tracker.deliver("issues", BODY, secret="")).status_code == 401
    await tracker.add_secret("", slot=1)
    assert (await tracker.deliver("issues", BODY, secret="")).status_code == 401


async def test_both_live_secrets_are_valid(tracker: Tracker) -> None:
    await tracker.add_secret("the-second-secret", slot=2)
    assert (await tracker.deliver("issues", BODY, secret="the-second-secret")).status_code == 202
    assert (await tracker.deliver("issues", BODY, secret=SECRET)).status_code == 202


async def test_a_secret_sealed_with_another_key_signs_nothing(tracker: Tracker) -> None:
    tracker.box = SecretBox(b"o" * 32)
    await tracker.add_secret("sealed-elsewhere", slot=2)
    assert (await tracker.deliver("issues", BODY, secret="sealed-elsewhere")).status_code == 401
    assert (await tracker.deliver("issues", BODY)).status_code == 202


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_cap_is_refused_without_reading_all_of_it(tracker: Tracker, announced: bool) -> None:
    sent = 0

    async def stream():
        nonlocal sent
        for _ in range(60):
            sent += 1 << 20
            yield b"x" * (1 << 20)

    headers = signed(b"", "issues", "big") | ({"content-length": str(60 << 20)} if announced else {})
    path = f"/webhooks/{print_id('CONNECTION', tracker.connection_id)}"
    answer = await tracker.client.post(path, content=stream(), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
        413,
        "REQUEST_TOO_LARGE",
    )
    assert sent <= (0 if announced else 29 << 20)
    assert await tracker.statuses() == []


async def test_a_body_at_the_cap_is_stored(tracker: Tracker) -> None:
    body = b'"' + b"x" * (25 * 1024 * 1024 - 2) + b'"'
    assert (await tracker.deliver("issues", body)).status_code == 202


async def test_what_is_not_json_is_stored_before_anyone_reads_it(tracker: Tracker) -> None:
    assert (await tracker.deliver("issues", b"\xff{not json")).status_code == 202
    await tracker.apply()
    assert await tracker.statuses() == [("IGNORED", "the body is not JSON")]


async def test_without_a_database_the_sender_is_asked_to_return(tracker: Tracker, database: str) -> None:
    pool = await Database.open(database, size=2)
    tracker.client = client_of(WebhookDoor(pool, tracker.box, Clock()))
    await pool.close()
    answer = await tracker.deliver("issues", BODY)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
        503,
        "UNAVAILABLE",
    )
    assert int(answer.headers["retry-after"]) > 0


async def test_a_delivery_that_cannot_be_stored_is_not_accepted(tracker: Tracker) -> None:
    """The look-up works, the insert fails."""
    await tracker.administration.execute("revoke insert on delivery from folioscope_app")
    try:
        assert (await tracker.deliver("issues", BODY, key="later")).status_code == 503
        assert await tracker.fetch("select from delivery_identity where tenant_id = $1") == []
    finally:
        await tracker.administration.execute("grant insert on delivery to folioscope_app")
    assert (await tracker.deliver("issues", BODY, key="later")).json()["duplicate"] is False


def test_a_sealed_secret_opens_only_in_its_place(box: SecretBox) -> None:
    tenant_id, connection_id = uuid4(), uuid4()
    sealed = box.seal(b"secret", tenant_id, connection_id)
    assert box.open(sealed, tenant_id, connection_id) == b"secret"
    assert box.seal(b"secret", tenant_id, connection_id) != sealed
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong in (
        (sealed, uuid4(), connection_id),
        (sealed, tenant_id, uuid4()),
        (damaged, tenant_id, connection_id),
        (b"", tenant_id, connection_id),
    ):
        with pytest.raises(Undecryptable):
            box.open(*wrong)


async def test_another_tenant_sees_no_delivery(tracker: Tracker) -> None:
    await tracker.deliver("issues", BODY)
    connection: asyncpg.Connection
    async with tracker.database.transaction(uuid4()) as connection:
        assert await connection.fetchval("select count(*) from delivery") == 0
