"""Every environment variable, read once, typed."""

import os
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, FilePath, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.actor import keys_of
from shared.lanes import LANES, divides_the_lanes

LONGEST_OFFSET_SECONDS = 10 * 365 * 24 * 60 * 60.0
MOST_DAYS = 365_000
MISSING = "it is missing"

Reads: TypeAlias = Literal["everything", "commands", "questions"]


class Settings(BaseSettings):
    """What a process is told by its environment; a wrong or missing value ends it at the start."""

    # What was wrong is never quoted: beside it, and perhaps in it, stand passwords.
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Literal["development", "production"] = "production"
    kafka_bootstrap_servers: str
    kafka_partitions: int = 4  # Of every topic keyed by account; it divides the 64 lanes.
    kafka_replication: int = Field(default=1, ge=1)
    credits_database_url: str = ""
    limits_database_url: str = ""
    invoicing_database_url: str = ""
    keyword_research_database_url: str = ""
    object_store_url: str = ""  # `s3://...` or `file:///...`; without one nothing is exported.
    reads: Reads = "everything"  # Questions wait less in a process that reads nothing else.
    worker_id: str | None = None  # A stable name lets a restarted worker keep its partitions.
    session_seconds: int = Field(default=45, ge=6, le=300)  # So long its partitions wait for it.
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)  # Of the probes and metrics; 0 takes any.
    still_seconds: float = Field(default=30, ge=1, le=600)  # A loop that does not turn is stuck.
    actor_public_key_file: FilePath | None = None  # Without one every person is forbidden.
    # Seconds, for rehearsing a month end; refused outside development.
    clock_offset: float = Field(default=0, ge=-LONGEST_OFFSET_SECONDS, le=LONGEST_OFFSET_SECONDS)
    poll_records: int = Field(default=750, ge=1, le=5000)
    poll_wait_milliseconds: int = Field(default=200, ge=1, le=1000)
    max_hold_back_seconds: float = Field(default=5.0, ge=0, le=60)
    hold_margin_percent: int = Field(default=20, ge=0, le=1000)  # domain.md P8
    # How long what happened is kept; 0 is for ever (domain.md 6). `igny8 forget` drops the rest.
    usage_kept_days: int = Field(default=400, ge=0, le=MOST_DAYS)
    alerts_kept_days: int = Field(default=180, ge=0, le=MOST_DAYS)
    audit_kept_days: int = Field(default=7 * 365 + 2, ge=0, le=MOST_DAYS)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otel_exporter_otlp_endpoint: str | None = None  # Without one no span is made.

    @field_validator("kafka_partitions")
    @classmethod
    def cuts_no_lane(cls, partitions: int) -> int:
        if not divides_the_lanes(partitions):
            raise ValueError(f"it must divide {LANES}")
        return partitions

    @field_validator("actor_public_key_file")
    @classmethod
    def has_keys(cls, file: Path | None) -> Path | None:
        """Else every person would be forbidden, and nobody would say why."""
        if file is not None:
            keys_of(file)
        return file

    @field_validator("clock_offset")
    @classmethod
    def is_for_rehearsals(cls, offset: float, info: ValidationInfo) -> float:
        if offset and info.data.get("environment") == "production":
            raise ValueError("it is for development only")
        return offset

    @classmethod
    def read(cls, service: str) -> "Settings":
        """Give what a service is told; SystemExit names all that is missing or wrong, in a line."""
        wrong: dict[str, str] = {}
        try:
            settings = cls()
        except ValidationError as error:
            wrong = wrong_in(error)
        if not os.environ.get(variable := database_variable(service)):
            wrong[variable] = MISSING
        if wrong:
            said = "; ".join(f"{name}: {reason}" for name, reason in wrong.items())
            raise SystemExit(f"{service}: wrong settings: {said}")
        return settings

    def database_url(self, service: str) -> str:
        """Where a service keeps its tables."""
        url = str(getattr(self, f"{service}_database_url"))
        if not url:
            raise ValueError(f"{database_variable(service)} is missing")
        return url


def database_variable(service: str) -> str:
    return f"{service.upper()}_DATABASE_URL"


def wrong_in(error: ValidationError) -> dict[str, str]:
    """The variables that are missing or wrong, and why."""
    reasons: dict[str, str] = {}
    for problem in error.errors(include_input=False, include_url=False):
        reason = MISSING if problem["type"] == "missing" else problem["msg"]
        reasons[str(problem["loc"][0]).upper()] = reason.removeprefix("Value error, ")
    return reasons
