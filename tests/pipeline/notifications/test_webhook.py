"""Notifications to a real HTTP server of this machine: what it gets, and what happens where it does not."""

import json
import time
from pathlib import Path

import pytest

from pipeline.config.retraining import NotificationSettings
from pipeline.config.webhook_address import URL_VARIABLE
from pipeline.notifications import webhook
from pipeline.notifications.notification import Notification
from tests.helpers.ports import free_ports
from tests.pipeline.exports.http_server import http_server

SECRET = "/services/T0/hunter2"
WITHHELD = Notification(
    "withheld", "faces", "faces: the model of run 1 is withheld", "1", "17", ["age_mae_max of overall"], "/card.html"
)


@pytest.fixture(autouse=True)
def _no_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.setattr(webhook, "_WAITS", (0.01, 0.01))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "faces" / "runs").mkdir(parents=True)
    return tmp_path / "faces"


def told(root: Path, url: str | None, *notifications: Notification, longest: float = 30) -> list[str]:
    """Returns the warnings; the webhook's address is in a file."""
    warnings: list[str] = []
    if url is not None:
        (root / "secret").write_text(f"{url}\n")
    settings = NotificationSettings(webhook_file=None if url is None else str(root / "secret"))
    webhook.notify(settings, root, notifications or [WITHHELD], warnings.append, longest)
    assert "hunter2" not in "".join(warnings)
    return warnings


def test_an_event_is_posted_once_as_json_with_a_line_for_people(root: Path) -> None:
    with http_server(200, b"ok") as server:
        assert told(root, server.url + SECRET) == told(root, server.url + SECRET) == []
    ((method, path, headers, content),) = server.requests
    assert (method, path, headers["content-type"]) == ("POST", SECRET, "application/json")
    assert json.loads(content) == {
        "text": "faces: the model of run 1 is withheld",
        "event": "withheld",
        "pipeline": "faces",
        "run_id": "1",
        "version": "17",
        "gates": ["age_mae_max of overall"],
        "card": "/card.html",
    }


def test_another_run_and_another_event_are_told_and_events_that_are_not_configured_are_not(root: Path) -> None:
    others = [
        Notification("withheld", "faces", "", "2"),
        Notification("failed", "faces", "", "1"),
        Notification("pushed", "faces", "", "1"),
    ]
    with http_server() as server:
        assert told(root, server.url, WITHHELD, *others) == []
    assert [json.loads(content)["event"] for *_, content in server.requests] == ["withheld", "withheld", "failed"]


def test_the_environment_comes_first_and_without_an_address_nobody_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(root, None) == []
    assert list((root / "runs").iterdir()) == []
    with http_server() as server:
        monkeypatch.setenv(URL_VARIABLE, server.url)
        assert told(root, "http://127.0.0.1:1") == []
    assert len(server.requests) == 1


def test_a_server_that_fails_is_tried_three_times_and_the_next_attempt_tells_it(root: Path) -> None:
    with http_server(500, SECRET.encode()) as server:
        (line,) = told(root, server.url + SECRET)
    assert len(server.requests) == 3
    place = f"notifications.webhook_file ({root / 'secret'})"
    assert line == (f"notification of withheld not sent: {server.url}/…: status 500; check the address in {place}")
    with http_server() as server:
        assert told(root, server.url) == []
    assert len(server.requests) == 1


def test_an_address_that_the_server_does_not_know_is_not_tried_again(root: Path) -> None:
    with http_server(404, f"no {SECRET}".encode()) as server:
        (line,) = told(root, server.url + SECRET)
    assert len(server.requests) == 1
    assert "status 404" in line


def test_a_server_that_is_away_or_silent_is_one_line(root: Path) -> None:
    with free_ports(1) as (port,):
        (line,) = told(root, f"http://127.0.0.1:{port}{SECRET}")
    assert line.startswith(f"notification of withheld not sent: http://127.0.0.1:{port}/…: not reached (")
    with http_server(hangs=True) as server:
        start = time.monotonic()
        (line,) = told(root, server.url + SECRET, longest=0.3)
    assert time.monotonic() - start < 5
    assert line == f"notification of withheld not sent: {server.url}/…: no answer within 0.3 s; see its log"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/hunter2",
        "hooks.example.org/hunter2",
        "https://me:hunter2@h/",
        "http://h/a hunter2",
        "http://h:x/hunter2",
    ],
)
def test_what_is_no_address_is_one_line_without_it(root: Path, url: str) -> None:
    (line,) = told(root, url)
    assert f"({root / 'secret'}): must be one address such as https://HOST/" in line


def test_a_secret_that_is_not_mounted_is_one_line(root: Path) -> None:
    warnings: list[str] = []
    settings = NotificationSettings(webhook_file=str(root / "none"))
    webhook.notify(settings, root, [WITHHELD], warnings.append)
    (line,) = warnings
    assert "none cannot be read (No such file or directory); mount the secret, or set $VISAGE_WEBHOOK_URL" in line


def test_a_folder_that_cannot_be_written_stops_no_notification(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    with http_server() as server:
        root = tmp_path / "gone"
        (tmp_path / "secret").write_text(server.url)
        warnings: list[str] = []
        webhook.notify(NotificationSettings(webhook_file=str(tmp_path / "secret")), root, [WITHHELD], warnings.append)
    assert (warnings, len(server.requests)) == ([], 1)
