"""How the processes of a data folder are: one row each, in the order in which they start."""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import ports, processes, wanted, worker
from deploy.local.programs import Program

LAG = "igny8_lag_records"
SUPERVISOR = Path("run", "supervisor.json")

State: TypeAlias = Literal["running", "starting", "stopped", "failed"]


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One process; `lag` is how many records it has still to read."""

    name: str
    pid: int | None
    state: State
    http: str | None = None
    lag: int | None = None


def of(home: Path) -> list[Row]:
    """Look at each process that a data folder has or, when it is stopped, would have."""
    names = wanted.read(home)
    if not names:
        return [Row(name, None, "stopped") for name in wanted.names((), workers=1)]
    return [row_of(program) for program in wanted.programs(home, names, {})]


def row_of(program: Program) -> Row:
    process = program.process
    if process is None:
        return Row(program.name, None, state_without_process(program), program.http)
    state: State = "running" if program.is_ready() else "starting"
    return Row(program.name, process.pid, state, program.http, lag_of(program))


def state_without_process(program: Program) -> State:
    """It failed when it has died and there is somebody who should have kept it running."""
    is_supervised = processes.noted(program.home / SUPERVISOR) is not None
    return "failed" if is_supervised and program.record.exists() else "stopped"


def lag_of(program: Program) -> int | None:
    """Add up the lag of all its partitions, as its metrics tell it."""
    if program.http is None:
        return None
    code, text = worker.ask(ports.port_of(program.home, program.name), "/metrics")
    families = text_string_to_metric_families(text) if code == 200 else ()
    samples = [one.value for family in families for one in family.samples if one.name == LAG]
    return int(sum(samples)) if samples else None
