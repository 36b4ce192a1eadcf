"""The operator's program `igny8`: each command is here or in a module of its own."""

import asyncio
import logging
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import msgspec
import typer

from deploy import migrate, topics
from deploy.errors import PROGRAM, OperatorError
from deploy.local import detached, environment, stack, status, supervisor, wanted
from deploy.options import DATA, Data
from deploy.progress import shown

# Commands in modules of their own. Each has an `app`: a Typer whose commands become ours or, when
# it has a name, a group of commands.
MODULES = {
    "verify": "deploy.verify",
    "rebuild": "deploy.rebuild",
    "holds": "deploy.holds",
    "limits": "deploy.limits",
    "dlq": "deploy.dead_letters",
    "prices": "deploy.prices",
    "why": "deploy.why",
    "forget": "deploy.forget",
    "demo": "deploy.demo",
    "bench": "deploy.bench",
}

app = typer.Typer(
    name="igny8",
    help="Runs IGNY8 on this machine, and looks after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


@app.command(name="migrate")
def migrate_all(data: Data = DATA) -> None:
    """Bring the tables of every service up to date whose *_DATABASE_URL is known."""
    asyncio.run(migrate.migrate_all(environment.known(data)))


@app.command(name="topics")
def make_topics(data: Data = DATA) -> None:
    """Make the topics that are missing on KAFKA_BOOTSTRAP_SERVERS."""
    settings = environment.known(data)
    if environment.KAFKA not in settings:
        raise OperatorError(f"{environment.KAFKA} is missing")
    asyncio.run(topics.make_for(settings))


def add_commands(called: str) -> None:
    """Import the module of the command that is called; all that there are for their list."""
    ours = {command.name for command in app.registered_commands}
    others = MODULES.values() if called not in ours | MODULES.keys() else ()
    for module in filter(find_spec, [MODULES[called]] if called in MODULES else others):
        app.add_typer(import_module(module).app)


def main() -> None:
    """Run a command; what the operator can mend is one line, and exit status 1."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # We say it ourselves.
    add_commands("".join(sys.argv[1:2]))
    try:
        with shown():
            app()
    except (OperatorError, OSError) as error:
        typer.echo(f"{PROGRAM}{error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
