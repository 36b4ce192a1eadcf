"""The operator's program `igny8`: each command is in a module, imported when it is called."""

import logging
import sys
from importlib import import_module
from importlib.util import find_spec

import typer

from deploy.errors import PROGRAM, OperatorError
from deploy.progress import shown

# Each has an `app`: a Typer whose commands become ours or, when it has a name, a group of commands.
MODULES = {
    "up": "deploy.up",
    "down": "deploy.up",
    "status": "deploy.status",
    "migrate": "deploy.migrate",
    "topics": "deploy.topics",
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


def add_commands(called: str) -> None:
    """Import the module of the command that is called; all that there are for their list."""
    wanted = [MODULES[called]] if called in MODULES else dict.fromkeys(MODULES.values())
    for module in filter(find_spec, wanted):
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
