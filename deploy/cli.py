"""The operator's program `igny8`: each command is here or in a module of its own."""

import logging
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import msgspec
import typer

from deploy.errors import PROGRAM, OperatorError
from deploy.local import detached, stack, status, supervisor, wanted
from deploy.options import DATA, Data
from deploy.progress import shown

INTERRUPTED = 130
# Each has an `app`: a Typer whose commands become ours, or with a name a group of commands.
OTHERS = (
    "deploy.verify",
    "deploy.dead_letters",
    "deploy.demo",
    "deploy.bench",
    "deploy.documents",
)

app = typer.Typer(
    name="igny8",
    help="Runs IGNY8 on this machine, and looks after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
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


@app.command()
def down(data: Data = DATA) -> None:
    """Stop the local stack; its data stays."""
    if data.exists():
        supervisor.end(data.resolve())


@app.command(name="status")
def show_status(
    data: Data = DATA,
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say how each process of the local stack is."""
    rows = status.of(data.resolve())
    if json:
        typer.echo(msgspec.json.encode({"processes": rows}))
        return
    for row in rows:
        lag = "" if row.lag is None else f"lag {row.lag}"
        typer.echo(
            f"{row.name:24}{row.state:10}{row.pid or '':>8}  {row.http or ''} {lag}".rstrip()
        )


def main() -> None:
    """Run a command; what the operator can mend is one line, and exit status 1."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # We say it ourselves.
    for module in filter(find_spec, OTHERS):
        app.add_typer(import_module(module).app)
    try:
        with shown():
            app()
    except (OperatorError, OSError) as error:
        typer.echo(f"{PROGRAM}{error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
