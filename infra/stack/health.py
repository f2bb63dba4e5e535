"""Asks this machine's services how they are, with the standard library alone."""

import http.client

LOOPBACK = "127.0.0.1"
EVERYWHERE = {"": LOOPBACK, "0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 -- only compared


def reachable(host: str) -> str:
    """Where to ask a service that listens on `host`: there, or on loopback when it listens everywhere."""
    return EVERYWHERE.get(host, host)


def in_url(host: str) -> str:
    """A host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def answer(port: int, path: str, timeout: float = 1.0, host: str = LOOPBACK) -> tuple[int, str]:
    """Status and body (at most 4 KiB) of a GET from who listens on `host`; status 0 when nobody answers."""
    connection = http.client.HTTPConnection(reachable(host), port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def reasons(port: int | None, host: str = LOOPBACK) -> str:
    """What the service on `port` says about whether it can do its work."""
    return answer(port or 0, "/readyz", host=host)[1]


def is_ready(port: int | None, host: str = LOOPBACK) -> bool:
    """Whether the service on `port` says that it can do its work."""
    return port is not None and answer(port, "/readyz", host=host)[0] == 200
