"""What a service gives a follower: the state of a partition, and how records become rows or keys of its store."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from infra.kafka.lanes import P


class Projection(Protocol[P]):
    """What is made of the records. Its state of a partition (`P`) knows the offset that comes next."""

    @property
    def store(self) -> str:
        """The store's name in /readyz."""

    @property
    def away(self) -> tuple[type[Exception], ...]:
        """The errors that mean: the store cannot be reached, try again."""

    async def stored(self, partitions: Collection[int]) -> Mapping[int, P]:
        """The saved states; a partition without one is missing."""

    def confirm(self, state: P, window: Sequence[Any]) -> bool | None:
        """Whether the log before `state.next` is the one that was read; None: show more of it."""

    async def begin(self, partition: int, end: int) -> P:
        """A state at offset 0 for a partition without a saved one, whose log ends at `end` now."""

    async def void(self, partition: int, state: P) -> None:
        """Throw away what is stored of a partition: it was made from another log."""

    async def apply(self, batches: Mapping[int, tuple[P, Sequence[Any]]]) -> Mapping[int, P]:
        """Store what follows from the records. A partition whose saved state another one changed is missing."""

    async def astray(self, held: Mapping[int, P | None]) -> Collection[int]:
        """Asked once a second of all that this member holds, with what should be saved: those where it is not.

        The store was emptied, or came back with older data, or somebody else has written.
        """
