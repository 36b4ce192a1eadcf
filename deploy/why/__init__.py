"""`igny8 why`: the whole story of one operation, from its request to the last fact."""

from deploy.why.command import app

__all__ = ["app"]
