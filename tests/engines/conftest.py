"""Fixtures of the engine tests."""

import socket

import pytest


@pytest.fixture(autouse=True)
def by_a_name_that_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beam's workers in this process call back by the machine's name, which not every machine resolves."""
    monkeypatch.setattr(socket, "getfqdn", lambda name="": "localhost")
