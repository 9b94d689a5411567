"""Settings: all faults at once, never a password, and a secret key that is made once."""

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.failure import Failure
from runtime.settings import Home, ensure_secret_key, example, load_settings

SECRET = "a" * 32


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOLIOSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_every_fault_is_listed_by_variable_without_its_value(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FOLIOSCOPE_PORT", "99999")
    monkeypatch.setenv("FOLIOSCOPE_LOG_FORMAT", "xml")
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@host/db")
    with pytest.raises(Failure) as failure:
        load_settings()
    text = str(failure.value)
    assert all(name in text for name in ("FOLIOSCOPE_PORT", "FOLIOSCOPE_LOG_FORMAT", "DATABASE_URL"))
    assert "hunter2" not in text
    assert "FOLIOSCOPE_SECRET_KEY" not in text


def test_without_urls_the_embedded_servers_of_the_home_are_meant(home: Path):
    settings = load_settings()
    assert settings.home == home
    assert settings.embedded_database
    assert settings.embedded_redis


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(home: Path):
    first = load_settings().secret_key
    assert load_settings().secret_key == first
    assert (home / "secret-key").stat().st_mode & 0o777 == 0o600


def test_a_shared_database_needs_a_secret_key_that_is_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://host/db")
    with pytest.raises(Failure, match="FOLIOSCOPE_SECRET_KEY"):
        load_settings()
    monkeypatch.setenv("FOLIOSCOPE_SECRET_KEY", SECRET)
    assert load_settings().secret_key.get_secret_value() == SECRET


def test_a_stored_secret_key_serves_a_shared_database(monkeypatch: pytest.MonkeyPatch):
    stored = ensure_secret_key(Home().home)
    monkeypatch.setenv("DATABASE_URL", "postgresql://host/db")
    assert load_settings().secret_key == stored


def test_two_purposes_never_share_a_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FOLIOSCOPE_SECRET_KEY", SECRET)
    settings = load_settings()
    assert settings.derive_key("cursor") != settings.derive_key("connection")
    assert SECRET not in repr(settings)


def test_the_example_file_is_what_the_class_says(repository: Path):
    assert (repository / ".env.example").read_text() == example(), "run `make update`"
    printed = subprocess.run([sys.executable, "-m", "runtime.settings"], capture_output=True, text=True, check=True)
    assert printed.stdout == example()
