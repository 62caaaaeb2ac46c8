"""Settings of Airflow, as they stand in the configuration file."""

import datetime
import re
from keyword import iskeyword
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from pipeline.config.cron import schedule_problem
from pipeline.config.params import allowed_params
from pipeline.config.pods import PodSettings
from pipeline.stages import Grouping
from visage.errors import quoted, quoted_address
from visage.names import did_you_mean
from visage.settings import Settings

_WITHOUT_TIMES = ("@once", "@continuous")
_LONGEST_URI = 1500


def _is_dotted(name: str) -> str:
    parts = name.split(".")
    if not all(part.isidentifier() and not iskeyword(part) for part in parts) or len(parts) < 2:
        raise ValueError(f"must be a dotted name such as my_company.alerts.page, not {quoted(name)}")
    return name


def _is_mail_address(text: str) -> str:
    if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", text):
        raise ValueError(f"must be an address such as ml@example.org, not {quoted(text)}")
    return text


def _is_uri(text: str) -> str:
    # As Airflow takes them; on MySQL it takes ASCII alone.
    is_valid = re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+", text) and len(text) <= _LONGEST_URI
    if not is_valid or text.lower().startswith("airflow:"):
        what = f"must be the URI of an asset (ASCII, at most {_LONGEST_URI} characters), such as s3://bucket/faces"
        raise ValueError(f"{what}, not {quoted_address(text)}")
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise ValueError("must hold no user and no password, which would stand in the DAG; Airflow leaves them out")
    return text


def _as_date(value: Any) -> Any:
    is_date = isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    if value is None or is_date:
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"must be a date such as 2026-01-31, not {quoted(value)}") from None


def _is_param(key: str) -> str:
    if key not in allowed_params():
        fix = did_you_mean(key, allowed_params()) or f"allowed: {', '.join(allowed_params())}"
        raise ValueError(f"no trigger may set {quoted(key)}; {fix}")
    return key


Function = Annotated[str, AfterValidator(_is_dotted)]
"""Dotted name of a function that Airflow can import."""


class DeadlineSettings(Settings):
    """When Airflow 3 reports that a run takes too long; the run goes on."""

    minutes: float | None = Field(None, gt=0, le=100_000, description="since the run was queued; null: no deadline")
    callback: Function | None = Field(None, description="is called when a run misses the deadline")

    @model_validator(mode="after")
    def _is_whole(self) -> "DeadlineSettings":
        if (self.minutes is None) != (self.callback is None):
            raise ValueError("minutes and callback must be set together")
        return self


class AirflowPodSettings(PodSettings):
    """The pods of KubernetesPodOperator."""

    connection: str = Field("kubernetes_default", min_length=1, description="Airflow's connection to the cluster")
    startup_minutes: float = Field(10, gt=0, le=1440, description="after which a pod that has not started fails")


class AirflowSettings(Settings):
    """How Airflow runs the pipeline."""

    schedule: str | None = Field(None, description="cron text or preset such as @weekly; null: by hand, or by assets")
    assets: list[Annotated[str, AfterValidator(_is_uri)]] = Field(
        default_factory=list, description="URIs: a run starts once all were updated, besides those of the schedule"
    )
    timezone: str = Field("UTC", description="of the schedule")
    start: Annotated[datetime.date | None, BeforeValidator(_as_date)] = Field(
        None, description="no run is scheduled for an earlier day; null: from now on"
    )
    catchup: bool = Field(False, description="whether the runs missed since `start` are made")
    max_active_runs: int = Field(1, ge=1, le=100, description="runs at the same time")
    tasks: Grouping = Field("stages", description="a task for each stage (data, train, judge, push), or for each node")
    retries: int = Field(1, ge=0, le=100, description="times that a failed task is tried again")
    retry_minutes: float = Field(5, ge=0, le=10_000, description="wait before the first retry")
    retry_backoff: bool = Field(True, description="whether each further wait is twice as long")
    max_retry_minutes: float = Field(120, gt=0, le=10_000, description="longest wait")
    task_minutes: float | None = Field(None, gt=0, le=100_000, description="after which a task is ended; null: never")
    run_minutes: float | None = Field(None, gt=0, le=100_000, description="after which a run is ended; null: never")
    pool: str | None = Field(None, min_length=1, max_length=256, description="Airflow's pool; null: default_pool")
    queue: str | None = Field(None, min_length=1, max_length=256, description="of the executor; null: its default")
    owner: str = Field("visage", min_length=1, max_length=500, description="shown by Airflow")
    description: str | None = Field(None, description="one line; null: names the pipeline")
    doc_md: str | None = Field(None, description="Markdown before what VisAge writes about the DAG")
    tags: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default_factory=lambda: ["visage"])
    on_run_failure: list[Function] = Field(default_factory=list, description="are called when a run failed")
    on_task_failure: list[Function] = Field(default_factory=list, description="are called when a task failed for good")
    email: list[Annotated[str, AfterValidator(_is_mail_address)]] = Field(
        default_factory=list, description="who gets a mail when a task failed for good, by Airflow's smtp_default"
    )
    deadline: DeadlineSettings = DeadlineSettings()
    params: list[Annotated[str, AfterValidator(_is_param)]] = Field(
        default_factory=list, description="keys that the trigger dialog shows"
    )
    operator: Literal["bash", "kubernetes"] = Field("bash", description="where a task runs")
    kubernetes: AirflowPodSettings = AirflowPodSettings()

    @field_validator("schedule")
    @classmethod
    def _is_a_schedule(cls, schedule: str | None) -> str | None:
        if schedule is None:
            return None
        if problem := schedule_problem(schedule):
            raise ValueError(f"{quoted(schedule)} {problem}")
        # Airflow knows presets in lower case alone.
        return schedule.lower() if schedule.startswith("@") else schedule

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, LookupError):
            raise ValueError(f"{quoted(name)} is no time zone; write one such as Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _catches_up_from_a_day(self) -> "AirflowSettings":
        if self.catchup and (self.start is None or self.schedule is None):
            raise ValueError("catchup: needs a schedule and start, the first day")
        return self

    @model_validator(mode="after")
    def _waits_at_least_the_first_time(self) -> "AirflowSettings":
        if self.max_retry_minutes < self.retry_minutes:
            raise ValueError(f"max_retry_minutes: is below retry_minutes, {self.retry_minutes:g}; raise it")
        return self

    @model_validator(mode="after")
    def _schedule_suits_assets(self) -> "AirflowSettings":
        if self.assets and self.schedule is not None and self.schedule in _WITHOUT_TIMES:
            raise ValueError(f"schedule: {self.schedule} does not go with assets; write cron text, or null")
        return self

    @model_validator(mode="after")
    def _pods_have_an_image(self) -> "AirflowSettings":
        if self.operator == "kubernetes" and self.kubernetes.image is None:
            raise ValueError("kubernetes.image: is missing; operator kubernetes runs each task in a pod of it")
        return self
