"""Keys: who is behind one, and that nothing tells a wrong one from an ended one."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from starlette.datastructures import Headers

from api.viewer import Viewers
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from runtime.viewer import Viewer, make_key, parse_key
from tests.api.keys import ACCOUNT, NOW, PERSON, PORTFOLIO, TENANT, Hands, add_key


def headers(text: str) -> Headers:
    return Headers({"authorization": f"Bearer {text}"})


def viewers(pool: Database, hands: Hands | None = None) -> Viewers:
    return Viewers(pool, Clock(now=(hands or Hands()).read))


async def refusal(found: Viewers, given: Headers) -> Refusal:
    with pytest.raises(Refusal) as raised:
        await found.authenticate(given)
    return raised.value


async def test_a_persons_key_gives_its_viewer(keys: asyncpg.Connection, pool: Database):
    text = await add_key(keys, 1, scopes=["READ", "WRITE"], granted_portfolio_ids=[PORTFOLIO])
    viewer = await viewers(pool).authenticate(headers(text))
    assert viewer == Viewer(
        TENANT, UUID(int=0x7100_0000_0000_0000_0000 + 1), PERSON, None, frozenset({"READ", "WRITE"}), (PORTFOLIO,)
    )
    assert viewer.holder_id == PERSON
    viewer.require("WRITE")
    with pytest.raises(Refusal) as raised:
        viewer.require("ADMIN")
    assert raised.value.code is ErrorCode.FORBIDDEN


async def test_a_service_accounts_key_sees_every_portfolio_without_grants(keys: asyncpg.Connection, pool: Database):
    text = await add_key(keys, 2, person_id=None, service_account_id=ACCOUNT)
    viewer = await viewers(pool).authenticate(headers(text))
    assert (viewer.holder_id, viewer.granted_portfolio_ids) == (ACCOUNT, None)


async def test_every_key_that_is_not_good_gets_the_same_answer(keys: asyncpg.Connection, pool: Database):
    found = viewers(pool)
    good = await add_key(keys, 3)
    ended = await add_key(keys, 4, expires_at=NOW)
    revoked = await add_key(keys, 5, revoked_at=NOW)
    never_issued, _ = make_key(UUID(int=0x7200_0000_0000_0000_0000))
    other_secret = good[:-43] + make_key(UUID(int=0))[0][-43:]
    given = [
        headers(text) for text in (ended, revoked, never_issued, other_secret, "", "x", good[:-1], good + "A", "é")
    ]
    given += [Headers({}), Headers({"authorization": good}), Headers({"authorization": f"Basic {good}"})]
    given.append(Headers(raw=[(b"authorization", f"Bearer {good}".encode())] * 2))
    answers = {(item.code, item.message, item.status) for item in [await refusal(found, each) for each in given]}
    assert len(answers) == 1
    assert answers.pop()[0] is ErrorCode.UNAUTHENTICATED
    assert await found.authenticate(headers(good))


async def test_the_key_of_an_archived_holder_is_not_good(keys: asyncpg.Connection, pool: Database):
    text = await add_key(keys, 6, person_id=None, service_account_id=ACCOUNT)
    await keys.execute("update service_account set archived_at = $1", NOW)
    assert (await refusal(viewers(pool), headers(text))).code is ErrorCode.UNAUTHENTICATED
    await keys.execute("update service_account set archived_at = null")
    assert await viewers(pool).authenticate(headers(text))


async def test_a_revoked_key_is_believed_for_at_most_ten_seconds(keys: asyncpg.Connection, pool: Database):
    hands = Hands()
    found = viewers(pool, hands)
    text = await add_key(keys, 7)
    assert await found.authenticate(headers(text))
    await keys.execute("update api_key set revoked_at = $1 where id = $2", NOW, UUID(int=0x7100_0000_0000_0000_0007))
    hands.at = NOW + timedelta(seconds=9.9)
    assert await found.authenticate(headers(text))
    hands.at = NOW + timedelta(seconds=10)
    assert (await refusal(found, headers(text))).code is ErrorCode.UNAUTHENTICATED


async def test_a_remembered_key_still_ends_at_its_instant(keys: asyncpg.Connection, pool: Database):
    hands = Hands()
    found = viewers(pool, hands)
    text = await add_key(keys, 8, expires_at=NOW + timedelta(seconds=3))
    assert await found.authenticate(headers(text))
    hands.at = NOW + timedelta(seconds=3)
    assert (await refusal(found, headers(text))).code is ErrorCode.UNAUTHENTICATED


async def test_a_remembered_key_does_not_open_for_another_secret(keys: asyncpg.Connection, pool: Database):
    found = viewers(pool)
    text = await add_key(keys, 9)
    assert await found.authenticate(headers(text))
    assert await refusal(found, headers(text[:-43] + make_key(UUID(int=0))[0][-43:]))


def test_a_key_is_made_to_be_read_back():
    key_id = UUID(int=0x7300_0000_0000_0000_0000)
    text, digest = make_key(key_id)
    assert len(text) == 4 + 32 + 1 + 43
    assert parse_key(text) == (key_id, digest)
    assert make_key(key_id)[1] != digest
