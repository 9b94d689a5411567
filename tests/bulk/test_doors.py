"""Who may send, start, see, stop and fetch; and how much."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from portfolio.identity import print_id
from resolvers.bulk import files
from tests.bulk.office import KPI, LINES, PORTFOLIO, PRODUCT, Office, counts, lines, measurement
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import codes

_READ = "query Q($id: ID!) { node(id: $id) { id } job(by: {id: $id}) { id } jobs { nodes { id } totalCount } }"


@pytest.fixture
async def branch(office: Office) -> str:
    """A portfolio beside AI, for a key that sees nothing else."""
    await office.imported([PORTFOLIO, PRODUCT, KPI, {"type": "portfolio", "key": "SIDE", "name": "Beside"}])
    [row] = await office.tenant.rows("select id from portfolio where key = 'SIDE'")
    return print_id("PORTFOLIO", row["id"])


async def pieces(*contents: bytes) -> AsyncIterator[bytes]:
    for content in contents:
        yield content


async def test_a_job_is_read_with_its_progress_and_its_mistakes(office: Office, ask: Ask):
    job = await office.start([PORTFOLIO, {"type": "nothing"}, {"type": "product"}])
    text = (
        "query Q($id: ID!, $after: Int) { job(by: {id: $id}) { kind state isDryRun progressPercent lineCount linesDone"
    )
    text += (
        " createdCount failedCount errors(afterLine: $after) { line code field } error downloadPath person { key } } }"
    )
    waiting = (await ask(text, office.viewer, id=job))["job"]
    assert (waiting["state"], waiting["progressPercent"], waiting["lineCount"]) == ("QUEUED", 0, 3)
    await office.run(job)
    told = (await ask(text, office.viewer, id=job, after=2))["job"]
    assert told.pop("errors") == [{"line": 3, "code": "REQUIRED", "field": ["key"]}]
    assert told.pop("person") == {"key": "ada"}
    assert list(told.values()) == ["IMPORT", "COMPLETED", False, 100, 3, 3, 1, 2, None, None]


async def test_another_organization_s_job_file_and_export_are_as_if_they_were_not_there(
    office: Office, other: Office, ask: Ask
):
    await office.imported([PORTFOLIO])
    answer = await office.tenant.change("exportStart", {}, office.viewer)
    await office.run(answer["job"])
    unknown = print_id("JOB", other.tenant.person_id)
    for id in (answer["job"], unknown):
        assert (await ask(_READ, other.viewer, id=id)) == {
            "node": None,
            "job": None,
            "jobs": {"nodes": [], "totalCount": 0},
        }
        assert codes(await other.tenant.change("jobCancel", {"id": id}, other.viewer)) == [("NOT_FOUND", "id")]
        async with other.client() as client:
            assert (await client.get(f"/exports/{id}")).status_code == 404
    file = await office.upload(lines(PORTFOLIO))
    for id in (file, print_id("BULK_FILE", other.tenant.person_id), office.tenant.id.hex):
        refused = await other.tenant.change("importStart", {"file_id": id}, other.viewer)
        assert codes(refused) == [("NOT_FOUND", "fileId")]


async def test_lines_of_a_limited_key_reach_what_it_sees_and_nothing_else(office: Office, branch: str):
    limited = await Office.open(office.tenant, grants=[branch])
    job = await limited.imported(
        [
            {**PRODUCT, "key": "MINE", "portfolio": "SIDE", "owner": None},
            {**KPI, "key": "MINE-USERS", "subject": {"product": "MINE"}},
            measurement(1) | {"kpi": "MINE-USERS"},
            {"type": "product", "key": "CHURN", "name": "Taken over"},
            {**PRODUCT, "key": "THERE"},
            {**PRODUCT, "key": "THERE", "portfolio": "NOWHERE"},
            measurement(1),
            measurement(1) | {"kpi": "NOWHERE"},
            {
                "type": "progressSnapshot",
                "initiative": "NOWHERE",
                "observedAt": "2026-02-01T00:00:00Z",
                "totalItems": 1,
            },
            {"type": "person", "key": "eve", "name": "Eve"},
            {"type": "labels", "subject": {"product": "CHURN"}, "labels": []},
            {"type": "skillDemand", "subject": {"organization": True}, "skill": "NLP", "fullTimeEquivalents": 1},
        ]
    )
    assert counts(job) == (3, 0, 0, 9)
    assert await limited.errors(job["id"]) == [
        (4, "REQUIRED", ["portfolio"]),
        (5, "NOT_FOUND", ["portfolio"]),
        (5, "NOT_FOUND", ["owner"]),
        (6, "NOT_FOUND", ["portfolio"]),
        (6, "NOT_FOUND", ["owner"]),
        (7, "NOT_FOUND", ["kpi"]),
        (8, "NOT_FOUND", ["kpi"]),
        (9, "NOT_FOUND", ["initiative"]),
        (10, "FORBIDDEN", None),
        (11, "NOT_FOUND", ["subject"]),
        (12, "NOT_FOUND", ["skill"]),
    ]


async def test_a_line_needs_the_scope_of_its_mutation(office: Office):
    await office.imported([PORTFOLIO, PRODUCT, KPI])
    writer = await Office.open(office.tenant, frozenset({"READ", "WRITE"}))
    job = await writer.imported(
        [{**PRODUCT, "importance": 9}, measurement(1), {"type": "serviceAccount", "key": "x", "name": "X"}]
    )
    assert counts(job) == (0, 1, 0, 2)
    assert await writer.errors(job["id"]) == [(2, "FORBIDDEN", None), (3, "FORBIDDEN", None)]


async def test_a_limited_key_exports_nothing_and_sees_its_own_jobs_only(office: Office, branch: str, ask: Ask):
    limited = await Office.open(office.tenant, grants=[branch])
    async with limited.client() as client:
        answer = await office.tenant.change("exportStart", {}, office.viewer)
        await office.run(answer["job"])
        assert (await client.get(f"/exports/{answer['job']}")).status_code == 404
    with pytest.raises(Exception, match="limited to portfolios"):
        await limited.tenant.change("exportStart", {}, limited.viewer)
    # Of the same person, whose other key sees everything.
    assert (await ask(_READ, limited.viewer, id=answer["job"])) == {
        "node": None,
        "job": None,
        "jobs": {"nodes": [], "totalCount": 0},
    }
    assert codes(await office.tenant.change("jobCancel", {"id": answer["job"]}, limited.viewer)) == [
        ("NOT_FOUND", "id")
    ]
    own = await limited.start([PORTFOLIO])
    assert (await ask(_READ, limited.viewer, id=own))["jobs"]["totalCount"] == 1


async def test_mistakes_are_read_on_from_whole_lines(office: Office, ask: Ask):
    wrong = {"type": "product", "key": "A", "name": "A", "portfolio": "NOWHERE", "importance": "x", "tier": "y"}
    job = await office.imported([{**wrong, "lifecycleStage": "z"}] * 60)
    text = "query Q($id: ID!, $after: Int) { job(by: {id: $id}) { errors(afterLine: $after) { line } } }"
    told: list[int] = []
    while found := (await ask(text, office.viewer, id=f"job_{job['id']}", after=told[-1] if told else None))["job"][
        "errors"
    ]:
        told += [error["line"] for error in found]
    assert told == [error[0] for error in await office.errors(job["id"])]
    assert set(told) == set(range(1, 61))
    assert 100 < len(told) < 1000


async def test_the_file_of_a_job_that_failed_or_was_called_off_is_deleted_unless_another_one_reads_it(office: Office):
    file = await office.upload(lines(PORTFOLIO))
    jobs = [
        (await office.tenant.change("importStart", {"file_id": file, "dry_run": dry}, office.viewer))["job"]
        for dry in (True, False)
    ]
    for job, kept in zip(jobs, (1, 0), strict=True):
        assert (await office.tenant.change("jobCancel", {"id": job}, office.viewer))["userErrors"] == []
        assert len(await office.tenant.rows("select from bulk_file")) == kept
    assert await office.tenant.rows("select from bulk_file_part") == []
    refused = await office.tenant.change("importStart", {"file_id": file}, office.viewer)
    assert codes(refused) == [("NOT_FOUND", "fileId")]


async def test_an_upload_that_is_stopped_leaves_nothing(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "PART_BYTES", 10)
    stalled = asyncio.Event()

    async def stall() -> AsyncIterator[bytes]:
        yield b'{"type":"product"}\n'
        stalled.set()
        await asyncio.Event().wait()

    async with office.client() as client:
        sending = asyncio.create_task(client.post("/imports", content=stall(), headers=LINES))
        await stalled.wait()
        assert len(await office.tenant.rows("select from bulk_file_part")) == 1
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert await office.tenant.rows("select from bulk_file") == []


async def test_what_a_holder_keeps_is_counted_while_it_arrives_and_for_each_holder(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(files, "PART_BYTES", 10)
    monkeypatch.setattr(files, "MOST_KEPT_BYTES", 30)
    async with office.client() as client:
        sent = await client.post("/imports", content=pieces(*[b'{"type":""}\n'] * 4), headers=LINES)
    assert sent.status_code == 409
    assert await office.tenant.rows("select from bulk_file") == []
    await office.tenant.rows(
        "insert into bulk_file (tenant_id, id, byte_count, created_at) values ($1, $1, 100, now())", office.tenant.id
    )
    assert await office.upload(b"{}\n")


async def test_an_export_that_is_not_finished_or_forgotten_is_not_there_to_fetch(office: Office):
    answer = await office.tenant.change("exportStart", {}, office.viewer)
    async with office.client() as client:
        early = await client.get(f"/exports/{answer['job']}")
        assert (early.status_code, early.json()["errors"][0]["extensions"]["code"]) == (409, "CONFLICT")
        await office.run(answer["job"])
        fetched = await client.get(f"/exports/{answer['job']}")
        assert fetched.headers["content-type"] == "application/x-ndjson"
        assert fetched.headers["content-disposition"] == f'attachment; filename="{answer["job"]}.jsonl"'
        await office.tenant.rows("delete from bulk_file_part")
        await office.tenant.rows("delete from bulk_file")
        assert (await client.get(f"/exports/{answer['job']}")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({**LINES, "content-encoding": "gzip"}, b"{}", 415),
        (LINES, b"", 400),
        (LINES, b"x" * (files.LONGEST_LINE_BYTES + 1), 413),
        (LINES, b"\n" * 1_000_001, 413),
        ({**LINES, "content-length": str(65 * 1024 * 1024)}, b"{}", 413),
    ],
    ids=["no lines", "packed", "nothing", "long line", "many lines", "much announced"],
)
async def test_what_is_too_much_or_no_lines_is_refused_and_not_kept(
    office: Office, headers: dict[str, str], content: bytes, status: int
):
    async with office.client() as client:
        assert (await client.post("/imports", content=content, headers=headers)).status_code == status
    assert await office.tenant.rows("select from bulk_file") == []


async def test_a_body_that_grows_too_large_is_refused_while_it_arrives(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.bulk._LARGEST_BODY", 100)
    async with office.client() as client:
        answer = await client.post("/imports", content=pieces(*[b"{}\n"] * 40), headers=LINES)
    assert answer.status_code == 413
    assert await office.tenant.rows("select from bulk_file") == []


async def test_a_file_of_many_parts_has_the_lines_that_were_sent(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "PART_BYTES", 100)
    content = [PORTFOLIO, *({**PRODUCT, "key": f"P-{number}"} for number in range(50))]
    async with office.client() as client:
        data = lines(*content)[:-1]
        sent = await client.post(
            "/imports", content=pieces(*(data[at : at + 7] for at in range(0, len(data), 7))), headers=LINES
        )
    assert sent.json()["lineCount"] == 51
    [parts] = await office.tenant.rows("select count(*) as count from bulk_file_part")
    assert parts["count"] > 20
    answer = await office.tenant.change("importStart", {"file_id": sent.json()["id"]}, office.viewer)
    assert counts(await office.run(answer["job"])) == (51, 0, 0, 0)


async def test_only_so_many_jobs_wait_and_only_so_much_is_kept(office: Office, monkeypatch: pytest.MonkeyPatch):
    file = await office.upload(lines(PORTFOLIO))
    answers: list[Any] = [
        await office.tenant.change("importStart", {"file_id": file}, office.viewer) for _ in range(11)
    ]
    assert [codes(answer) for answer in answers] == [[]] * 10 + [[("LIMIT_EXCEEDED", None)]]
    monkeypatch.setattr(files, "MOST_KEPT_BYTES", 10)
    async with office.client() as client:
        assert (await client.post("/imports", content=b"{}", headers=LINES)).status_code == 409
    assert codes(await office.tenant.change("exportStart", {}, office.viewer)) == [("LIMIT_EXCEEDED", None)]


async def test_types_that_there_are_not_are_refused(office: Office):
    for types, place in (([], "types"), (["product", "prodct"], "1")):
        refused = await office.tenant.change("exportStart", {"types": types}, office.viewer)
        assert codes(refused) == [("INVALID", place)]
