"""Figures of the API for Prometheus. Labels take few values, never a client's text."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("folioscope_http_requests", "Requests answered.", ("route", "status"))
SECONDS = Histogram(
    "folioscope_http_request_seconds",
    "Time from a request's headers to the end of its answer.",
    ("route",),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
REFUSED = Counter("folioscope_refusals", "Requests refused as a whole, by error code.", ("code",))
RUNNING = Gauge("folioscope_operations_running", "GraphQL operations that are running now.")
WAITING = Gauge("folioscope_operations_waiting", "GraphQL operations that wait for their turn.")
