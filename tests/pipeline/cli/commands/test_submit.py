"""What `visage submit` refuses before it contacts anybody; `tests/end_to_end/test_kubeflow.py` has a submission."""

from pathlib import Path

import pytest

from tests.pipeline.cli.commands.test_due import called
from tests.pipeline.config.refusal import DEFAULT

pytestmark = pytest.mark.one_stack

HOST = ("--host", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--host", "kubeflow"], "--host: must be an address of HTTP, such as http://HOST:5000, not 'kubeflow'"),
        (["--host", "https://me:t0ken@host"], "--host: must not hold a password; set $VISAGE_KUBEFLOW_TOKEN"),
        ([*HOST, "--param", "evaluator.age_mae_max=6"], "--param: is for runs; add --run or --recurring"),
        (
            [*HOST, "--run", "--param", "evaluator.age_mae_max=low"],
            "--param evaluator.age_mae_max.limit: must be a number, not 'low'",
        ),
        ([*HOST, "--run", "--param", "validation.anomalies=stpo"], "--param validation.anomalies: must be 'stop' or"),
        ([*HOST, "--run", "--param", "trainer.epochs=3"], "--param trainer.epochs: no trigger may set this"),
        ([*HOST, "--recurring", "every monday"], "--recurring 'every monday' has 2 fields, not 5"),
        ([*HOST, "--token-file", "none"], "--token-file none: cannot be read (No such file or directory)"),
        ([*HOST, "--token-file", "empty"], "--token-file empty: is empty; write the token into it"),
        ([*HOST, "--token-file", "two"], "--token-file two: must be one line of ASCII text; write the token alone"),
        ([*HOST, "--token-file", "binary"], "--token-file binary: cannot be read (no text)"),
        ([*HOST, "--ca-file", "none.pem"], "--ca-file none.pem: does not exist; name the PEM file of the authority"),
    ],
)
def test_a_mistake_is_one_line_before_anybody_is_contacted(
    words: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, content in (("empty", b"\n"), ("two", b"t0ken\nt0ken\n"), ("binary", b"t0ken\xff")):
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    ended = called(capfd, "submit", "kubeflow", str(DEFAULT), *words)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"visage: {line}")
    assert ended.stderr.count("\n") == 1
    assert "t0ken" not in ended.stderr


def test_an_invalid_secret_of_the_environment_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for variable in ("VISAGE_KUBEFLOW_TOKEN", "VISAGE_KUBEFLOW_COOKIE"):
        with monkeypatch.context() as changed:
            changed.setenv(variable, "tökén")
            ended = called(capfd, "submit", "kubeflow", str(DEFAULT), *HOST)
        assert ended.stderr == f"visage: ${variable}: must be one line of ASCII text; write the token alone\n"
