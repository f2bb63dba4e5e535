"""RESP3 on the wire: commands to bytes, bytes to replies (redis.io, protocol-spec)."""

from typing import Any, TypeAlias

Argument: TypeAlias = bytes | str


class Incomplete(Exception):
    """The reply goes on in bytes that have not arrived."""


class ServerError(Exception):
    """An error reply; raised to whoever sent the command."""


class Push(list[Any]):
    """Something the server says by itself: a message, or that a subscription changed."""


def pack(arguments: tuple[Argument, ...]) -> bytes:
    """A command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        raw = argument if isinstance(argument, bytes) else argument.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


def unpack(data: bytes, at: int) -> tuple[Any, int]:
    """The reply at `at` and where the next one starts; raises Incomplete, or ValueError on what is not RESP."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    kind, line, after = data[at : at + 1], data[at + 1 : end], end + 2
    if kind in b"$=":
        return _bulk(data, int(line), after)
    if kind in b"*>~":
        items, after = _items(data, int(line), after)
        return (Push(items) if kind == b">" else items), after
    if kind == b"%":
        flat, after = _items(data, 2 * int(line), after)
        return dict(zip(flat[::2], flat[1::2], strict=True)), after
    return _simple(kind, line), after


def _simple(kind: bytes, line: bytes) -> Any:
    if kind == b":":
        return int(line)
    if kind == b"+":
        return line
    if kind == b"_":
        return None
    if kind == b"#":
        return line == b"t"
    if kind == b",":
        return float(line)
    if kind == b"-":
        return ServerError(line.decode(errors="replace"))
    raise ValueError("not a RESP3 reply")


def _bulk(data: bytes, size: int, at: int) -> tuple[bytes | None, int]:
    if size < 0:
        return None, at
    if len(data) < at + size + 2:
        raise Incomplete
    return data[at : at + size], at + size + 2


def _items(data: bytes, count: int, at: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, at = unpack(data, at)
        items.append(item)
    return items, at
