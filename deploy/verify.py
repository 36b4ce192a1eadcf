"""`igny8 verify`: computes every invariant of the services anew, and says where one is broken."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from aiokafka.errors import KafkaConnectionError
from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from deploy import surroundings
from deploy.books import open_to_us
from deploy.errors import OperatorError
from deploy.examination import Invariant, Report, examine, invariants_of
from deploy.local.cache import ROOT
from deploy.local.environment import KAFKA
from deploy.local.services import SERVICES
from deploy.options import DATA, Data
from shared import retained, verifying
from shared.actor import KeyFileError, keys_of
from shared.contracts.types import Json, JsonObject
from shared.retained import Retained, Unread
from shared.verifying import (
    BUSY,
    NO_KEYS,
    QUIET,
    SOURCES,
    Keys,
    Snapshot,
    Source,
    Tolerance,
    Violation,
)

FOLDER = ROOT / "services"

app = typer.Typer()


@app.command(name="verify")
def command(
    data: Data = DATA,
    service: Annotated[str, typer.Option(help="Only this one; else all that can be.")] = "",
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet-system/--busy",
            help="Nothing is under way, so nothing may be overdue or unsent; "
            "else both may be for a while.",
        ),
    ] = False,
    rows_only: Annotated[
        bool,
        typer.Option(
            "--rows-only/--with-topics",
            help="Do not ask Kafka what it holds: seconds instead of minutes.",
        ),
    ] = False,
    metrics: Annotated[
        Path | None,
        typer.Option(help="Also write the outcome here, as Prometheus reads it."),
    ] = None,
) -> None:
    """Compute every invariant anew from rows and topics; exit status 1 when one is broken."""
    began = time.perf_counter()
    chosen = [service] if service else verifiable()
    sources = ("rows",) if rows_only else SOURCES
    work = verify(surroundings.of(data), chosen, QUIET if quiet else BUSY, sources)
    report = asyncio.run(work)
    if metrics:
        write_metrics(report, metrics)
    if json:
        typer.echo(msgspec.json.encode(as_json(report)))
    else:
        typer.echo("\n".join((*lines(report), summary(report, time.perf_counter() - began))))
    raise typer.Exit(0 if report.ok else 1)


def verifiable() -> list[str]:
    """The services that say what must be true of them."""
    return [service for service in SERVICES if (FOLDER / service / "verify").is_dir()]


async def verify(
    environment: Mapping[str, str],
    services: Sequence[str] = (),
    tolerance: Tolerance = BUSY,
    sources: Collection[Source] = SOURCES,
) -> Report:
    """Look at each service in one snapshot of its rows and at what its topics hold.

    `environment` is what the services are told, as in `DIR/env`; no services are all of them.
    """
    report = Report()
    for service in services or verifiable():
        if service not in verifiable():
            known = ", ".join(verifiable())
            raise OperatorError(f"{service} cannot be verified; there is {known}")
        try:
            with open_to_us(service):
                async with (
                    topics_of(environment, sources) as topics,
                    opened(environment, service, tolerance, topics) as snapshot,
                ):
                    await examine(report, service, snapshot, sources)
        except KafkaConnectionError as error:
            raise OperatorError(f"no Kafka answers at {environment[KAFKA]}") from error
    return report


def topics_of(
    environment: Mapping[str, str], sources: Collection[Source]
) -> AbstractAsyncContextManager[Retained]:
    """Be connected to Kafka while the block runs, where what it holds is looked at."""
    return retained.opened(environment[KAFKA]) if "topics" in sources else nullcontext(Unread())


@asynccontextmanager
async def opened(
    environment: Mapping[str, str], service: str, tolerance: Tolerance, topics: Retained
) -> AsyncIterator[Snapshot]:
    offset = surroundings.clock_offset(environment)
    url = surroundings.database_url(environment, service)
    async with verifying.one_moment(url) as tx:
        read = invariants_of(service).topics
        keys = actor_keys(environment.get("ACTOR_PUBLIC_KEY_FILE"))
        snapshot = await verifying.taken(tx, topics, read, tolerance, offset, keys)
        async with verifying.beside(url, tx) as others:
            yield replace(snapshot, beside=others)


def actor_keys(file: str | None) -> Keys:
    """The public keys of actors; without them no signature can be verified."""
    try:
        return keys_of(Path(file)) if file and Path(file).is_file() else NO_KEYS
    except KeyFileError as error:
        raise OperatorError(f"ACTOR_PUBLIC_KEY_FILE: {error}") from error


def write_metrics(report: Report, file: Path) -> None:
    """Replace a file that a textfile collector reads: alarms need no program of their own."""
    registry = CollectorRegistry()
    labels = ("service", "invariant")
    broken = Gauge("igny8_invariant_violations", "What breaks it", labels, registry=registry)
    seconds = Gauge("igny8_verify_seconds", "How long it took to look", labels, registry=registry)
    for invariant in report.invariants:
        broken.labels(invariant.service, invariant.id).set(invariant.finding.broken)
        seconds.labels(invariant.service, invariant.id).set(invariant.seconds)
    at = Gauge("igny8_last_verify_timestamp_seconds", "When it was looked", registry=registry)
    at.set_to_current_time()
    write_to_textfile(str(file), registry)


def as_json(report: Report) -> JsonObject:
    """The report as other programs read it."""
    rows = [row_of(invariant) for invariant in report.invariants]
    return {"ok": report.ok, "invariants": rows}


def row_of(invariant: Invariant) -> JsonObject:
    """`more` and `skipped` are there only when they are not nothing."""
    finding = invariant.finding
    shown = [fields_of(violation) for violation in finding.violations]
    beside = {"more": finding.broken - len(shown), "skipped": finding.skipped}
    return {
        "id": invariant.id,
        "service": invariant.service,
        "ok": not finding.broken,
        "checked": finding.checked,
        "violations": shown,
    } | {name: number for name, number in beside.items() if number}


def fields_of(violation: Violation) -> JsonObject:
    account = {"account_id": violation.account_id} if violation.account_id else {}
    return {**account, "what": violation.what, **violation.numbers}


def lines(report: Report) -> list[str]:
    """The report as people read it: a line an invariant, and below it what breaks it."""
    width = max((len(invariant.words) for invariant in report.invariants), default=0)
    return [line for invariant in report.invariants for line in lines_of(invariant, width)]


def lines_of(invariant: Invariant, width: int) -> list[str]:
    finding = invariant.finding
    state = "BROKEN" if finding.broken else "ok"
    numbers = f"{finding.checked:>11,} {invariant.seconds:6.1f} s"
    below = [text_of(violation) for violation in finding.violations]
    if more := finding.broken - len(below):
        below.append(f"and {more:,} more")
    if finding.skipped:
        below.append(f"{finding.skipped:,} could not be compared: Kafka holds them no more")
    return [
        f"{invariant.id:4}{state:7} {invariant.words:{width}} {numbers}",
        *(f"     {line}" for line in below),
    ]


def text_of(violation: Violation) -> str:
    whose = f"account {violation.account_id}: " if violation.account_id else ""
    return f"{whose}{violation.what} ({in_words(violation.numbers)})"


def in_words(numbers: Mapping[str, Json]) -> str:
    return ", ".join(
        f"{name} ({in_words(value)})" if isinstance(value, dict) else f"{name} {value}"
        for name, value in numbers.items()
    )


def summary(report: Report, seconds: float) -> str:
    """What to remember of it, and what everybody can work out by hand."""
    broken = [invariant.id for invariant in report.invariants if invariant.finding.broken]
    count = len(report.invariants)
    said = f"Broken: {', '.join(broken)}" if broken else f"All {count} invariants hold"
    known = "".join(f"; {line}" for line in report.worth_knowing)
    return f"{said}; {seconds:.1f} s{known}"
