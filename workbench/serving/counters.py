"""What a service counts, in the form that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Counters:
    """Requests, their time, what waits, and how many are answered at once."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "workbench_requests", "Requests by route and status.", ("route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "workbench_request_seconds", "From a request to its answer.", buckets=_SECONDS, registry=self._registry
        )
        self.refused = Counter(
            "workbench_refused", "Requests refused, by reason.", ("reason",), registry=self._registry
        )
        self.batches = Histogram(
            "workbench_batch_size", "Inputs answered at once.", ("model",), buckets=_SIZES, registry=self._registry
        )
        self.waiting = Gauge("workbench_waiting", "Inputs that wait.", ("model",), registry=self._registry)
        self.tokens = Counter("workbench_tokens", "Tokens written.", ("model",), registry=self._registry)

        self._by_route: dict[tuple[str, int], Counter] = {}

    def count(self, route: str, status: int, seconds: float, refused: str = "") -> None:
        """Count a request; refused: why, where it was."""
        known = self._by_route.get((route, status))
        if known is None:  # looking it up by its labels takes as long as all the rest
            known = self._by_route[route, status] = self.requests.labels(route, str(status))
        known.inc()
        self.seconds.observe(seconds)
        if refused:
            self.refused.labels(refused).inc()

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)
