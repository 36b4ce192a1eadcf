"""One span a batch, with links to a sample of its messages; none without a collector."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.kafka import Letter, readable

LINKS_A_BATCH = 16

TRACER = trace.get_tracer("igny8")
CONTEXT = TraceContextTextMapPropagator()


def configure(service: str, endpoint: str | None) -> None:
    """Send spans to a collector (OTLP over HTTP) when one is named; else they cost nothing."""
    if endpoint is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - A second to import.
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": f"igny8-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


@contextmanager
def batch_span(group: str, letters: Sequence[Letter]) -> Iterator[None]:
    """Spans follow `traceparent` through Kafka: OpenTelemetry's messaging conventions."""
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": group,
        "messaging.batch.message_count": len(letters),
    }
    with TRACER.start_as_current_span(
        f"process {group}", links=links(letters), attributes=attributes
    ):
        yield


def links(letters: Sequence[Letter]) -> list[Link]:
    """The traces of the first messages that carry one."""
    carried = (readable(x.headers.get("traceparent")) for x in letters[:LINKS_A_BATCH])
    spans = (
        trace.get_current_span(CONTEXT.extract({"traceparent": parent.decode()}))
        for parent in carried
        if parent
    )
    return [Link(span.get_span_context()) for span in spans]
