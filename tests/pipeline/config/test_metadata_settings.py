"""The configuration names the kind of the metadata store, and never holds a password."""

import os
from pathlib import Path

from pipeline.config.loader import load_config
from tests.pipeline.config.refusal import DEFAULT, refusal


def test_the_default_is_a_file() -> None:
    assert load_config(DEFAULT).metadata.store == "sqlite"


def test_an_address_in_the_configuration_is_refused_without_its_password() -> None:
    message = refusal("metadata.store=mysql", "metadata.url_file=mysql://visage:hunter2@db/visage")
    assert "metadata.url_file: must be the path of a file that holds the address" in message
    assert "hunter2" not in message


def test_an_unknown_store_is_refused() -> None:
    assert "metadata.store: must be 'sqlite', 'mysql' or 'postgresql'" in refusal("metadata.store=oracle")


def test_the_secret_file_is_found_from_other_folders() -> None:
    config = load_config(DEFAULT, ["metadata.store=mysql", "metadata.url_file=secret"])
    found = config.with_absolute_outputs().metadata.url_file
    assert found == str(Path(os.getcwd()) / "secret")  # noqa: PTH109
