"""The last lines of a run."""

import io

from pipeline.console import Screen
from pipeline.outcome import Outcome, print_outcome

PUSHED = Outcome(
    pipeline="mine",
    run_id="1",
    pushed=True,
    version="17",
    new_version=True,
    model_base_path="/srv/my runs/visage",
    model_check="ok",
    gates=[],
    model_card="/srv/card.html",
    seconds={},
    cached=[],
)


def shown(default_model: bool, drawings: bool) -> str:
    stream = io.StringIO()
    print_outcome(PUSHED, Screen(stream), ".venv/bin/visage", default_model, drawings)
    return stream.getvalue()


def test_the_commands_can_be_copied() -> None:
    assert "ask it      .venv/bin/visage predict PHOTO\n" in shown(default_model=True, drawings=False)
    elsewhere = shown(default_model=False, drawings=False)
    assert "ask it      .venv/bin/visage predict --model '/srv/my runs/visage' PHOTO\n" in elsewhere
    assert "serve it    .venv/bin/visage serve --model-base-path '/srv/my runs/visage'\n" in elsewhere


def test_a_model_of_drawings_is_called_one() -> None:
    warning = "trained on drawings: for photos of people train on real data, see docs/data.md"
    assert warning in shown(default_model=True, drawings=True)
    assert warning not in shown(default_model=True, drawings=False)
