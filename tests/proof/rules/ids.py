"""Ids that follow from one another, and the partition that a key belongs to."""

from uuid import UUID, uuid5

NAMESPACE = UUID("6f1f6f0e-6a54-5d0e-8f5e-2b7f0c4f8c11")
MASK = 0xFFFFFFFF


def command_id(player: str, path: str, key: str) -> str:
    """The id of the command that a player means by this Idempotency-Key in a POST to this path."""
    return str(uuid5(NAMESPACE, f"{player}\nPOST\n{path}\n{key}"))


def match_id(command: str) -> str | None:
    """The id of the match that a create opens; None where the command's id is no UUID."""
    try:
        return str(uuid5(UUID(command), "match"))
    except ValueError:
        return None


def partition_of(key: str, partitions: int) -> int:
    """As Kafka's Java client places a key: MurmurHash2 (Austin Appleby) with seed 0x9747b28c, made positive."""
    raw = key.encode()
    value = (0x9747B28C ^ len(raw)) & MASK
    whole = len(raw) - len(raw) % 4
    for at in range(0, whole, 4):
        word = int.from_bytes(raw[at : at + 4], "little") * 0x5BD1E995 & MASK
        word = (word ^ word >> 24) * 0x5BD1E995 & MASK
        value = (value * 0x5BD1E995 & MASK) ^ word
    if raw[whole:]:
        value = (value ^ int.from_bytes(raw[whole:], "little")) * 0x5BD1E995 & MASK
    value = (value ^ value >> 13) * 0x5BD1E995 & MASK
    return ((value ^ value >> 15) & 0x7FFFFFFF) % partitions
