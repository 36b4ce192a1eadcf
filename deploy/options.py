"""Options that every command of the operator's program takes."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Data: TypeAlias = Annotated[
    Path, typer.Option("--data", help="Where the local stack keeps its data.", show_default=True)
]
DATA = Path(".igny8")
