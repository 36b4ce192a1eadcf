"""`igny8 prices`: what a month would have cost by other prices, before anybody decides for them."""

from deploy.prices.command import app

__all__ = ["app"]
