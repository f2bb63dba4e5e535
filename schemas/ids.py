"""Ids that are derived, so that a repeated request is the same command and a repeated create the same match."""

from uuid import UUID, uuid5

NAMESPACE = UUID("6f1f6f0e-6a54-5d0e-8f5e-2b7f0c4f8c11")


def command_id(player: str, method: str, path: str, key: str) -> str:
    """The id of the one command that this player means by this Idempotency-Key on this resource."""
    return str(uuid5(NAMESPACE, "\n".join((player, method, path, key))))


def match_id(command: str) -> str:
    """The id of the match that a create command opens."""
    return str(uuid5(UUID(command), "match"))


def timer_id(match: str, deadline: int) -> str:
    """The id of the command by which any owner's timer reports this deadline."""
    return str(uuid5(UUID(match), f"time-elapsed/{deadline}"))
