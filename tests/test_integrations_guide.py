"""docs/integrations.md: every command in it works when it is pasted, one after the other, against the demo."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.runtime.test_up import free_port, running


def test_every_command_of_the_guide_works_as_pasted(repository: Path, demo_home: Path):
    text = (repository / "docs" / "integrations.md").read_text(encoding="utf-8")
    port = free_port()
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
    commands = commands.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace(".folioscope/", f"{demo_home}/")
    commands = commands.replace(".venv/bin/folioscope", f"{sys.executable} -m cli")
    env = {**os.environ, "FOLIOSCOPE_HOME": str(demo_home), "FOLIOSCOPE_PORT": str(port)}
    with running(demo_home, port):
        shell = ["bash", "-euo", "pipefail", "-c", commands]
        ran = subprocess.run(shell, cwd=repository, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    answers = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    assert not [answer for answer in answers if '"errors"' in answer], ran.stdout
    refused = [answer for answer in answers if '"userErrors":[{' in answer]
    assert len(refused) == 1
    assert "FIELD_OWNED_ELSEWHERE" in refused[0]
    assert '"name":"Call summaries, all languages"' in ran.stdout
    assert '"field":["input","measurements","1","kpiKey"]' in ran.stdout
    before, after = [json.loads(answer)["data"]["node"] for answer in answers if '{"node":{"progress"' in answer]
    assert after["progress"] == {"totalItems": 9, "doneItems": 9}
    assert after["health"]["score"] != before["health"]["score"]
