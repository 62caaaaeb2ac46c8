"""Settings of Airflow, as they stand in the configuration file."""

from pydantic import Field, field_validator

from pipeline.config.cron import schedule_problem
from pipeline.stages import Grouping
from visage.errors import quoted
from visage.settings import Settings


class AirflowSettings(Settings):
    """How Airflow runs the pipeline."""

    schedule: str | None = Field(None, description="cron text or preset such as @weekly; null: by hand")
    tasks: Grouping = Field("stages", description="a task for each stage (data, train, judge, push), or for each node")
    retries: int = Field(1, ge=0, le=100, description="times that a failed task is tried again")

    @field_validator("schedule")
    @classmethod
    def _is_a_schedule(cls, schedule: str | None) -> str | None:
        if schedule is not None and (problem := schedule_problem(schedule)):
            raise ValueError(f"{quoted(schedule)} {problem}")
        return schedule
