"""`igny8 up` and `igny8 down`: the local stack, started and stopped."""

from typing import Annotated

import typer

from deploy.local import detached, stack, supervisor, wanted
from deploy.options import DATA, Data

app = typer.Typer()


@app.command(name="up")
def up(
    data: Data = DATA,
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes of each service.")] = 1,
    only: Annotated[str, typer.Option(help="Services to start, by commas; servers always.")] = "",
) -> None:
    """Start what is missing of the local stack, keep it running, print its environment."""
    chosen = [name for name in only.split(",") if name]
    names = wanted.names(chosen, workers)
    home = stack.make_home(data)
    if detach:
        typer.echo(detached.start(home, ["--workers", str(workers), "--only", only]), nl=False)
    else:
        supervisor.run(home, names, lambda text: typer.echo(text, nl=False))


@app.command(name="down")
def down(data: Data = DATA) -> None:
    """Stop the local stack; its data stays."""
    if data.exists():
        supervisor.end(data.resolve())
