"""Start with `python -m deploy.bench`, or `igny8 bench`."""

from deploy.bench import app
from deploy.progress import shown

if __name__ == "__main__":
    with shown():
        app()
