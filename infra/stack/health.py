"""Asks this machine's services how they are, with the standard library alone."""

import http.client


def answer(port: int, path: str, timeout: float = 1.0) -> tuple[int, str]:
    """Status and body (at most 4 KiB) of a GET on loopback; status 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def is_ready(port: int | None) -> bool:
    """Whether the service on `port` says that it can do its work."""
    return port is not None and answer(port, "/readyz")[0] == 200
