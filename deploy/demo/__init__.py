"""`igny8 demo`: a real hour of traffic through the whole system, every credit of it checked."""

from deploy.demo.command import app

__all__ = ["app"]
