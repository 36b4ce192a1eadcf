"""`igny8 status`: one line a process of the local stack."""

from typing import Annotated

import msgspec
import typer

from deploy.local import status
from deploy.options import DATA, Data

app = typer.Typer()


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
