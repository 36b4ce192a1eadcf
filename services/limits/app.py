"""Start with `python -m services.limits.app`."""

from services.limits.handlers import NAME, subscribe
from shared.service import run

if __name__ == "__main__":
    run(NAME, subscribe)
