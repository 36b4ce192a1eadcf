"""Every environment variable, read once, typed."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.lanes import LANES, divides_the_lanes


class Settings(BaseSettings):
    """What a process is told by its environment; a wrong or missing value ends it at the start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Literal["development", "production"] = "development"
    kafka_bootstrap_servers: str
    kafka_partitions: int = 4  # Of every topic keyed by account; it divides the 64 lanes.
    kafka_replication: int = Field(default=1, ge=1)
    credits_database_url: str = ""
    limits_database_url: str = ""
    invoicing_database_url: str = ""
    keyword_research_database_url: str = ""
    worker_id: str | None = None  # A stable name lets a restarted worker keep its partitions.
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)  # Of the probes and metrics; 0 takes any.
    actor_public_key_file: Path | None = None  # Without one every person is forbidden.
    clock_offset: float = 0  # Seconds, for rehearsing a month end; refused outside development.
    poll_records: int = Field(default=500, ge=1, le=5000)
    poll_wait_milliseconds: int = Field(default=200, ge=1, le=1000)
    max_hold_back_seconds: float = Field(default=5.0, ge=0, le=60)
    hold_margin_percent: int = Field(default=20, ge=0, le=1000)  # domain.md P8
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otel_exporter_otlp_endpoint: str | None = None  # Without one no span is made.

    @model_validator(mode="after")
    def fits_together(self) -> "Settings":
        """Refuse what no single variable shows to be wrong."""
        if not divides_the_lanes(self.kafka_partitions):
            raise ValueError(f"KAFKA_PARTITIONS must divide {LANES}")
        if self.clock_offset and self.environment != "development":
            raise ValueError("CLOCK_OFFSET is for development only")
        return self

    @classmethod
    def read(cls) -> "Settings":
        """Fail at the start, with the name of the variable that is missing or wrong."""
        return cls()

    def database_url(self, service: str) -> str:
        """Where a service keeps its tables."""
        url = str(getattr(self, f"{service}_database_url"))
        if not url:
            raise ValueError(f"{service.upper()}_DATABASE_URL is missing")
        return url
