"""Start with `python -m services.credits.app`."""

from services.credits.handlers import NAME, subscribe
from shared.service import run

if __name__ == "__main__":
    run(NAME, subscribe)
