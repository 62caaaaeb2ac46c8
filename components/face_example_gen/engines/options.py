"""Beam's engines other than local processes: their options, the submission of a job, and its end."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from copy import copy
from typing import Any

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, PortableOptions
from apache_beam.runners.runner import PipelineResult, PipelineState

from components.face_example_gen.beam.metrics import counted
from components.face_example_gen.engines.worker_package import build_worker_package
from components.face_example_gen.settings import BeamSettings, Engine
from visage import progress
from visage.errors import VisageError

_LOGGER = logging.getLogger(__name__)

RUNNERS: dict[Engine, str] = {
    "portable": "PortableRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
}

# Flags that set the environment of the workers; without any it is Beam's own container image.
_ENVIRONMENT_FLAGS = {
    "environment_type",
    "environment_config",
    "environment_option",
    "environment_options",
    "extra_package",
    "extra_packages",
    "requirements_file",
    "sdk_container_image",
    "setup_file",
}
_REACH_SECONDS = 10
# Beam's client closes the connection to a running job after this time; its default is 60 s.
_JOB_SECONDS = 30 * 24 * 3600
_POLL_SECONDS = 10.0
# An engine that has not cancelled a job by then is reported; `pipeline/interruption.py` allows six seconds in all.
_CANCEL_SECONDS = 4.0
# Beam would call pip, which environments made by uv lack, for a list that is only logged.
_QUIET = "disable_logging_submission_environment"
_SEE = "see docs/engines.md"


# Lines of a message that say where, not why: frames of Java's and Python's traces, and lone brackets of Flink's errors.
_NO_CAUSE = re.compile(
    r"at [\w.$/<>@]+\(.*\)|\.\.\. \d+ (more|common frames omitted)|Suppressed: .*|File \".*\", line \d+, in .*"
    r"|End of exception on server side>\]?|\W*"
)
_CAUSED_BY = re.compile(r"^(Caused by: )+")


def job_name(pipeline: str, run_id: str, attempt: str) -> str:
    """Returns the name of a job, which an engine's own pages and commands show.

    >>> job_name("faces", "20260101-101500-123456", "1a2b3c4d")
    'visage-faces-20260101-101500-123456-1a2b3c4d'

    Args:
        pipeline: its name.
        run_id: groups the nodes of its run; any text.
        attempt: differs between attempts at one run.

    Returns:
        Lower-case letters, digits and hyphens, as Dataflow requires.
    """
    return re.sub(r"[^a-z0-9]+", "-", f"visage-{pipeline}-{run_id}-{attempt}".lower()).strip("-")


def engine_options(settings: BeamSettings, package_dir: str, name: str) -> PipelineOptions:
    """Returns Beam's options for an engine other than direct.

    Args:
        settings: the configured engine and its flags.
        package_dir: folder for the package that installs this project on the workers, if no flag does.
        name: of the job, unless a flag names it.
    """
    flags = [f"--runner={RUNNERS[settings.engine]}", *settings.options, f"--experiments={_QUIET}"]
    if "job_name" not in settings.flags:
        flags.append(f"--job_name={name}")
    if "job_server_timeout" not in settings.flags:
        flags.append(f"--job_server_timeout={_JOB_SECONDS}")
    if not settings.flags & _ENVIRONMENT_FLAGS:
        flags.append(f"--extra_package={build_worker_package(package_dir)}")
    return PipelineOptions(flags, save_main_session=False)


def check_reachable(settings: BeamSettings) -> None:
    """Checks, before anything is copied, that the engine's address is reachable; Beam itself would wait for it.

    Raises:
        VisageError: no job service responds, or there are no credentials for Dataflow.
    """
    options = PipelineOptions(settings.options)
    if settings.engine == "dataflow":
        if not options.view_as(GoogleCloudOptions).dry_run:
            _check_credentials()
        return
    endpoint = options.view_as(PortableOptions).job_endpoint
    if endpoint is None or endpoint == "embed":
        return
    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_REACH_SECONDS)
        except grpc.FutureTimeoutError:
            raise VisageError(
                f"beam.options: no job service responds at {endpoint}; start it, or correct --job_endpoint; {_SEE}"
            ) from None


def _check_credentials() -> None:
    try:
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError
    except ImportError:
        raise VisageError(
            "beam.engine: dataflow needs the package google-auth, which is not installed; remove .venv and run "
            "`make set-up`"
        ) from None
    try:
        google.auth.default()
    except DefaultCredentialsError:
        raise VisageError(
            f"beam.engine: dataflow finds no Google credentials; run gcloud auth application-default login, or set "
            f"GOOGLE_APPLICATION_CREDENTIALS; {_SEE}"
        ) from None


def run_on_engine(engine: Engine, pipeline: beam.Pipeline, step: str, total: int, name: str) -> PipelineResult:
    """Submits the job to the engine and waits for its end; reports the engine's progress to `visage.progress`.

    Cancels the job if this process stops waiting for it, on Ctrl-C or because the engine's service is gone.

    Raises:
        VisageError: the engine rejects the job.
        RuntimeError: the job failed.
    """
    progress.report(step, 0, total, f"running on {engine}")
    try:
        result = pipeline.run()
    # The cause depends on the engine: no package, no Java, no jar, no address, no rights.
    except Exception as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise VisageError(f"beam.engine: {engine} rejects the job: {why}; {_SEE}") from error
    with _polling(lambda: counted(copy(result).metrics()), engine, step, total):
        state = _wait(result, engine, name)
    # A dry run ends without a state.
    if state not in (None, PipelineState.DONE):
        raise RuntimeError(f"the job ended as {state}")
    progress.report(step, total, total)
    return result


def why_failed(engine: Engine, error: Exception) -> VisageError:
    """Returns an error with the cause in an engine's message on a failed job.

    That is the last line that is no frame of a trace: there the last exception of Python stands, or of Java's chain.
    """
    lines = (line.strip() for line in re.split(r"\n|\\n", str(error)))
    causes = [line for line in lines if not _NO_CAUSE.fullmatch(line)]
    cause = _CAUSED_BY.sub("", causes[-1]) if causes else type(error).__name__
    return VisageError(f"beam.engine: {engine}: the job failed: {cause}; {_SEE}")


def _wait(result: PipelineResult, engine: Engine, name: str) -> str | None:
    """Waits for the end of the job and returns its state; cancels the job if the wait ends before.

    Beam waits in a thread of its own: in this one, Ctrl-C would end it, and with it Beam's connection to the job.
    """
    ended: Future[str | None] = Future()

    def wait() -> None:
        try:
            ended.set_result(result.wait_until_finish())
        # Raised again in the thread that waits for the result.
        except BaseException as error:
            ended.set_exception(error)

    threading.Thread(target=wait, name="visage-engine-job", daemon=True).start()
    try:
        return ended.result()
    except Exception:
        # The job has failed, or its service cannot be reached, and the job may go on.
        if not _has_ended(result):
            _cancel(result, engine, name)
        raise
    except BaseException:
        _cancel(result, engine, name)
        raise


def _has_ended(result: PipelineResult) -> bool:
    try:
        return bool(PipelineState.is_terminal(result.state))
    except Exception:
        return False


def _cancel(result: PipelineResult, engine: Engine, name: str) -> None:
    """Cancels the job, because it would continue without this process; logs how if the engine refuses."""
    cancelled: Future[None] = Future()

    def cancel() -> None:
        try:
            result.cancel()
            cancelled.set_result(None)
        except BaseException as error:
            cancelled.set_exception(error)

    threading.Thread(target=cancel, name="visage-engine-cancel", daemon=True).start()
    try:
        cancelled.result(timeout=_CANCEL_SECONDS)
        _LOGGER.warning("%s: cancelled the job %s", engine, name)
    except Exception as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        _LOGGER.warning("%s: the job %s was not cancelled (%s) and may go on; %s", engine, name, why, _SEE)


@contextmanager
def _polling(read: Callable[[], dict[str, Any]], engine: Engine, step: str, total: int) -> Iterator[None]:
    """Reports the number of processed images inside the `with` block, if the engine counts while it works.

    `read` must query a copy of the result, because Beam's results cache their first metrics.
    """
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(_POLL_SECONDS):
            with suppress(Exception):
                done = read().get("pictures", 0)
                # The engine may have responded after the end of the block.
                if not stop.is_set():
                    progress.report(step, min(done, total), total, f"running on {engine}")

    watcher = threading.Thread(target=poll, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
