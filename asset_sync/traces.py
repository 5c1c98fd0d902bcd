"""Traces by OpenTelemetry: a span for each run, step and request, where its own variables name who takes them.

OTEL_EXPORTER_OTLP_ENDPOINT (or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) switches them on; the SDK reads its other variables itself.
Without it, nothing of OpenTelemetry is imported. Words that are given here are without secrets.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_under_way: Final[dict[tuple[str, str], Any]] = {}
"""The spans of the runs and steps under way, by run and step, the one that began last at the end."""
_lock: Final = threading.Lock()


def wanted() -> bool:
    """Tell whether the environment names who takes traces."""
    off = settings.optional("OTEL_SDK_DISABLED") == "true" or settings.optional("OTEL_TRACES_EXPORTER") == "none"
    return not off and any(map(settings.optional, _ENDPOINTS))


def check() -> None:
    """Raise `ConfigurationError` where traces are wanted and cannot be sent."""
    if wanted():
        _tracer()


def began(run_id: str, step: str, name: str, at: datetime, attributes: Mapping[str, str]) -> None:
    """Begin the span of a run, or of one of its steps."""
    span = _tracer().start_span(
        name, context=_below(_under_way.get((run_id, ""))), start_time=_nanoseconds(at), attributes=dict(attributes)
    )
    with _lock:
        _under_way[run_id, step] = span


def ended(run_id: str, step: str, at: datetime, error: str | None) -> None:
    """End the span of a run or a step; `error` says why it failed."""
    with _lock:
        span = _under_way.pop((run_id, step), None)
    if span is not None:
        if error is not None:
            _failed(span, error)
        span.end(end_time=_nanoseconds(at))


@contextmanager
def request(system: str, method: str, url: str) -> Iterator[Callable[[int], None]]:
    """The span of a request, below that of the step under way: a process has one at a time. Gives what hears the status."""
    if not wanted():
        yield _nobody
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - imported only where it is wanted

    with _lock:
        parent = next(reversed(_under_way.values()), None)
    parts = urlsplit(url)
    attributes = {
        "http.request.method": method,
        "url.full": parts._replace(query="", fragment="").geturl(),
        "server.address": parts.hostname or "",
        "peer.service": system,
    }
    with _tracer().start_as_current_span(
        f"{method} {system}", context=_below(parent), kind=SpanKind.CLIENT, attributes=attributes, record_exception=False
    ) as span:

        def answered(status: int) -> None:
            span.set_attribute("http.response.status_code", status)
            if status >= 400:
                _failed(span, str(status))

        yield answered


def _nobody(_status: int) -> None:
    """Hear a status that nobody wants."""


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1_000


def _below(parent: Any) -> Any:
    from opentelemetry.trace import set_span_in_context  # noqa: PLC0415 - imported only where it is wanted

    return set_span_in_context(parent) if parent is not None else None


def _failed(span: Any, why: str) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - imported only where it is wanted

    span.set_status(Status(StatusCode.ERROR, why))


@cache
def _tracer() -> Any:
    protocol = next(filter(None, map(settings.optional, _PROTOCOLS)), "http/protobuf")
    if protocol != "http/protobuf":
        raise ConfigurationError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol}: traces are sent by http/protobuf alone")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: pip install 'asset-sync[otel]'"
        ) from None
    named = settings.optional("OTEL_SERVICE_NAME") or "service.name=" in (settings.optional("OTEL_RESOURCE_ATTRIBUTES") or "")
    provider = TracerProvider(resource=Resource.create({} if named else {"service.name": "asset-sync"}))
    # Its end, and with it the last spans, comes with the end of the process.
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("asset_sync")
