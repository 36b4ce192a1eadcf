"""`python -m deploy.bench` is `igny8 bench`."""

import sys

from deploy.bench.command import NAME
from deploy.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, NAME)
    main()
