"""Export and import in a terminal, without a worker."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.postgres import Database
from tests.bulk.office import KPI, PORTFOLIO, PRODUCT, lines, measurement
from tests.conftest import Servers, created_database
from tests.waiting import until
from tests.workers.company import Company, Hands

_CONTENT = lines(PORTFOLIO, {**PRODUCT, "owner": None}, KPI, measurement(1))


@pytest.fixture
async def lone_company(servers: Servers, template_database: str) -> AsyncIterator[tuple[Company, str]]:
    async with created_database(servers.database_url, template_database) as url:
        application = await Database.open(url, size=2)
        company = await Company(application, Hands()).found()
        await company.add_portfolio()
        yield company, url
        await application.close()


def command(url: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "DATABASE_URL": url, "FOLIOSCOPE_SECRET_KEY": "s" * 32, "COLUMNS": "120"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments], env=environment, stdout=pipe, stderr=pipe, text=True
    )


def folioscope(url: str, *arguments: str) -> tuple[int, str, str]:
    process = command(url, *arguments)
    output, notices = process.communicate()
    return process.returncode, output, notices


async def test_an_export_is_a_file_that_an_import_takes(lone_company: tuple[Company, str], tmp_path: Path):
    company, url = lone_company
    source, copy = tmp_path / "source.jsonl", tmp_path / "copy.jsonl"
    source.write_bytes(_CONTENT)
    status, output, notices = folioscope(url, "import", str(source))
    assert (status, output) == (0, "4 lines: 4 created, 0 changed, 0 unchanged, 0 failed.\n"), notices
    assert folioscope(url, "export", "--to", str(copy))[0] == 0
    status, output, _ = folioscope(url, "export", "--type", "kpi", "--type", "measurement")
    assert status == 0
    assert [line.partition(",")[0] for line in output.splitlines()] == ['{"type":"kpi"', '{"type":"measurement"']
    assert output.encode() in copy.read_bytes()
    told = await company.fetch("select distinct via, actor_key_id from event where tenant_id = $1", company.tenant_id)
    assert [tuple(row) for row in told] == [("COMMAND", None)]


async def test_refused_lines_are_shown_with_their_numbers_and_the_status_says_so(
    lone_company: tuple[Company, str], tmp_path: Path
):
    company, url = lone_company
    source = tmp_path / "source.jsonl"
    source.write_bytes(_CONTENT + lines({"type": "product", "key": "NEW"}, b"nonsense", {"type": "\x1b[2J[red]"}))
    status, output, _ = folioscope(url, "import", str(source), "--dry-run")
    assert status == 1
    assert "7 lines: 4 created, 0 changed, 0 unchanged, 3 failed; nothing was changed." in output
    assert "\x1b" not in output
    assert "[red]" in output
    assert [line.split()[:3] for line in output.splitlines()[1:4]] == [
        ["5", "REQUIRED", "name"],
        ["5", "REQUIRED", "portfolio"],
        ["6", "INVALID", "This"],
    ]
    assert await company.fetch("select from product where tenant_id = $1", company.tenant_id) == []


async def test_an_import_that_was_killed_goes_on_when_it_is_run_again(
    lone_company: tuple[Company, str], tmp_path: Path
):
    company, url = lone_company
    source = tmp_path / "source.jsonl"
    values = [line for day in range(200) for line in (measurement(day), {**KPI, "key": f"K-{day}"})]
    source.write_bytes(lines(PORTFOLIO, {**PRODUCT, "owner": None}, KPI, *values))
    process = command(url, "import", str(source))
    await until(lambda: company.fetch("select from job where lines_done > 50"), 30)
    process.kill()
    process.communicate()
    [job] = await company.fetch("select * from job")
    assert job["finished_at"] is None
    status, output, notices = folioscope(url, "import", str(source))
    assert (status, output) == (0, "403 lines: 403 created, 0 changed, 0 unchanged, 0 failed.\n"), notices
    [made] = await company.fetch("select count(*) as measurements from measurement")
    assert made["measurements"] == 200


async def test_a_type_or_a_file_that_is_not_there_is_said_so(lone_company: tuple[Company, str], tmp_path: Path):
    _, url = lone_company
    status, _, notices = folioscope(url, "export", "--type", "prodct")
    assert status == 1
    assert "There is no type prodct." in notices
    assert folioscope(url, "import", str(tmp_path / "nothing.jsonl"))[0] == 2
