"""Redis is the doorbell: a client, and the names of everything that we keep there."""

from uuid import UUID

from redis.asyncio import Redis

# One stream for all tenants: its messages say only who should look into the database.
JOBS = "folioscope:jobs"
WORKERS = "workers"
# Published to after events were sealed: the tenant's id, best effort.
EVENTS = "folioscope:events"


def open_redis(url: str, connections: int = 20) -> Redis:
    """A client that connects when first used; the caller closes it. Answers are text.

    The time limit on a socket is longer than any blocking read that we send.
    """
    return Redis.from_url(
        url,
        decode_responses=True,
        max_connections=connections,
        socket_connect_timeout=1,
        socket_timeout=5,
    )


def tenant_key(tenant_id: UUID, *names: str) -> str:
    """A key of one tenant. The hash tag keeps all of them on one node of a cluster."""
    return ":".join(("folioscope", f"{{{tenant_id}}}", *names))
