"""How fast it is on this machine, through real Kafka and PostgreSQL, beside two references."""

from deploy.bench.command import app

__all__ = ["app"]
