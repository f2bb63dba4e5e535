"""Redis keys and channels, named once for who writes and who reads them."""

COMMAND_TTL_MS = 24 * 3600 * 1000
MATCH_TTL_MS = 24 * 3600 * 1000
DEADLINE_GRACE_MS = 3600 * 1000
# A sorted set of sessions that ended; the scores: until when access tokens of theirs may live, Unix ms.
ENDED = "playlog:ended"


def match(match_id: str) -> str:
    """Hash of a match's newest snapshot (`version public status private:{seat}`), and its hints' channel."""
    return f"playlog:match:{match_id}"


def command(command_id: str) -> str:
    """A command's result as JSON, kept for 24 h."""
    return f"playlog:command:{command_id}"


def progress(partition: int) -> str:
    """How far the session worker has read a partition of outcomes; one value, written with the snapshots."""
    return f"playlog:progress:{partition}"


def player(player_id: str) -> str:
    """A player's display name."""
    return f"playlog:player:{player_id}"
