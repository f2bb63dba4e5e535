"""The rules of checkpoints: when one may be taken, what makes one readable, and whose log it stands for. Pure."""

from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from engine_worker.owner import Owner
from engine_worker.restore import Restored
from engine_worker.snapshot import FORMAT, Capture, Loading
from schemas.checkpoint import Chunk, FenceName, Pointer
from schemas.codec import JUDGE_VERSION, Headers, checksum, mark
from schemas.log import Cursor, Fence, OutcomeMark
from schemas.word import Millis


class Reason(StrEnum):
    """Why a checkpoint was not used; the partition is then folded from offset 0, slower and the same."""

    POINTER = "pointer"  # no pointer of a form that this version knows
    ABOVE_FENCE = "above_fence"  # its owner came after the reader, who has lost the partition already
    FORMAT = "format"  # another shape of the state
    RULES = "rules"  # judged by another version of the rules
    INCOMPLETE = "incomplete"  # a chunk is missing
    DAMAGED = "damaged"  # the chunks are not the ones that were written
    OTHER_LOG = "other_log"  # the log was cut and has grown again
    UNAVAILABLE = "unavailable"  # Kafka did not answer in time


class Unreadable(Exception):
    """This checkpoint cannot be used."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)


def quiet(owner: Owner, lead: int) -> bool:
    """Whether all that the owner judged was acknowledged where it had to land: only then is its memory the log's.

    `lead` is watermark - landing at the beginning of its ownership. A command judged raises the one, its outcome
    acknowledged the other.
    """
    return owner.watermark - owner.landing == lead


def belongs(pointer: Pointer, chunk: Chunk) -> bool:
    """Whether a chunk is one of this checkpoint's, and not of another writer's who wrote at the same time."""
    return chunk.id == pointer.id


def intact(pointer: Pointer, digest: str) -> bool:
    """Whether the chunks that were read are those that were written."""
    return digest == pointer.sha256


def refused(pointer: Pointer, fence: Fence) -> Reason | None:
    """Why the owner of `fence` may not use this checkpoint, whatever its chunks hold."""
    if pointer.next > fence.offset:
        return Reason.ABOVE_FENCE
    if pointer.format != FORMAT:
        return Reason.FORMAT
    return None if pointer.rules == JUDGE_VERSION else Reason.RULES


def stands(pointer: Pointer, offset: int, key: bytes | None, value: bytes | None, headers: Headers) -> bool:
    """Whether this record of the log is the one that lay before the checkpoint, written by its owner."""
    if offset != pointer.next - 1 or checksum(key, value) != pointer.crc:
        return False
    owner, found = Fence(pointer.fence.offset, pointer.fence.id), mark(headers)
    if isinstance(found, OutcomeMark):
        return found.fence == owner and found.cause == pointer.watermark
    return found is not None and Fence(offset, found.id) == owner


class Draft:
    """A checkpoint being written: the state of the moment when it was begun, and what it stands for.

    Begin one only while `quiet`. `crc` is of the last outcomes record that the owner has read or written.
    """

    def __init__(self, checkpoint_id: str, owner: Owner, crc: int) -> None:
        self.partition = owner.partition
        self.next = owner.landing
        self.size = 0
        self._id, self._cursor, self._crc = checkpoint_id, owner.cursor, crc
        self._capture = Capture(owner.state)
        self._hash, self._count = sha256(), 0

    def touch(self, key: bytes | None) -> None:
        """Call it with the key of every command before the owner takes it."""
        if key is not None:
            self._capture.touch(key.decode("ascii", "replace"))

    def chunk(self) -> Chunk | None:
        """The next chunk, the work of some milliseconds; None behind the last."""
        value = self._capture.chunk()
        if value is None:
            return None
        self._hash.update(value)
        self.size += len(value)
        self._count += 1
        return Chunk(self._id, self._count - 1, value)

    def pointer(self, first: int, last: int, at: Millis) -> Pointer:
        """What is published when all chunks are acknowledged; `first` and `last` are their offsets."""
        fence, watermark = self._cursor
        assert fence is not None
        return Pointer(
            id=self._id,
            chunks=self._count,
            first=first,
            last=last,
            sha256=self._hash.hexdigest(),
            format=FORMAT,
            rules=JUDGE_VERSION,
            next=self.next,
            fence=FenceName(offset=fence.offset, id=fence.id),
            watermark=watermark,
            crc=self._crc,
            at=at,
        )


class Loaded(NamedTuple):
    """A partition's state at its checkpoint; a fold first looks whether the log is still the pointer's."""

    restored: Restored
    pointer: Pointer


class Assembly:
    """A checkpoint being read: takes its own chunks in order, ignores everybody else's."""

    def __init__(self, pointer: Pointer) -> None:
        self._pointer = pointer
        self._loading, self._hash, self._count = Loading(), sha256(), 0

    @property
    def complete(self) -> bool:
        return self._count == self._pointer.chunks

    def feed(self, chunk: Chunk | None) -> None:
        """Take in what was read from the checkpoints topic. Raises Unreadable."""
        if self.complete or chunk is None or not belongs(self._pointer, chunk) or chunk.number < self._count:
            return
        if chunk.number > self._count:
            raise Unreadable(Reason.INCOMPLETE)
        self._hash.update(chunk.value)
        self._count += 1
        try:
            self._loading.feed(chunk.value)
        except Exception as error:  # whatever damaged bytes may do to a decoder
            raise Unreadable(Reason.DAMAGED) from error

    def loaded(self) -> Loaded:
        """Where a fold goes on behind the checkpoint. Raises Unreadable."""
        if not self.complete:
            raise Unreadable(Reason.INCOMPLETE)
        if not intact(self._pointer, self._hash.hexdigest()):
            raise Unreadable(Reason.DAMAGED)
        fence = Fence(self._pointer.fence.offset, self._pointer.fence.id)
        cursor = Cursor(fence, self._pointer.watermark)
        restored = Restored(self._loading.state, cursor, self._pointer.next, covered=self._pointer.next)
        return Loaded(restored, self._pointer)
