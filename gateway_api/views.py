"""One caller's view of a match: the public part, names, the caller's seat and own pending move; as bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway_api.stream import view_frame
from schemas.match import COMPUTER

COMPUTER_NAME = "Computer"
NOBODY = b',"you":null,"mine":null}'


class Snapshot:
    """A match at one version, as the session worker published it.

    `public` is a PublicView's JSON; `private` holds raw JSON by seat. `asked` are the seats whose private part was
    read, None where all is known but that of `hidden`. The public part is encoded once, each audience's view once.
    """

    __slots__ = ("_asked", "_frames", "_head", "_hidden", "_private", "_views", "public", "version")

    def __init__(
        self,
        version: int,
        public: dict[str, Any],
        private: Mapping[int, bytes] | None = None,
        asked: Sequence[int] | None = None,
        hidden: Sequence[int] = (),
    ) -> None:
        self.version, self.public, self._private = version, public, private or {}
        self._asked, self._hidden = asked, hidden
        self._head: bytes | None = None
        self._views: dict[int | None, bytes] = {}
        self._frames: dict[int | None, bytes] = {}

    def knows(self, seat: int | None) -> bool:
        """Whether the view from this seat is complete; None: a spectator's, which always is."""
        if seat is None:
            return True
        return seat not in self._hidden if self._asked is None else seat in self._asked

    @property
    def terminal(self) -> bool:
        """Nothing can happen any more: ended, and no rematch can follow."""
        return self.public["status"] == "ended" and self.public["deadline"] is None

    @property
    def players(self) -> list[str]:
        """Player ids at the table, without free seats."""
        return [player for player in self.public["seats"] if player]

    def seat_of(self, player: str) -> int | None:
        """The player's seat; None for a spectator. The computer's id is nobody's."""
        seats: Sequence[str | None] = self.public["seats"]
        return seats.index(player) if player in seats and player != COMPUTER else None

    def view(self, seat: int | None, names: Mapping[str, str]) -> bytes:
        """A MatchView as JSON for the player in `seat`, or for a spectator. `names` count at the first call."""
        body = self._views.get(seat)
        if body is None:
            if self._head is None:
                seats = [_seated(player, names) for player in self.public["seats"]]
                self._head = orjson.dumps({**self.public, "seats": seats})[:-1]
            body = self._views[seat] = self._head + self._tail(seat)
        return body

    def frame(self, seat: int | None, names: Mapping[str, str]) -> bytes:
        """The same view as an event of a stream."""
        body = self._frames.get(seat)
        if body is None:
            body = self._frames[seat] = view_frame(self.version, self.view(seat, names))
        return body

    def _tail(self, seat: int | None) -> bytes:
        if seat is None:
            return NOBODY
        return b',"you":%d,"mine":%b}' % (seat, self._private.get(seat) or b"null")


def _seated(player: str | None, names: Mapping[str, str]) -> dict[str, str] | None:
    return None if player is None else {"player": player, "name": name_of(player, names)}


def name_of(player: str, names: Mapping[str, str]) -> str:
    """A player's display name; a short form of the id where no name is known."""
    return COMPUTER_NAME if player == COMPUTER else names.get(player) or f"Player {player[:4]}"


def from_redis(reply: Sequence[bytes | None], seats: Sequence[int]) -> Snapshot | None:
    """A snapshot from HMGET version, public, private:{seat} for each of `seats`; None where there is none."""
    version, public, *private = reply
    if version is None or public is None:
        return None
    parts = {seat: part for seat, part in zip(seats, private, strict=True) if part}
    return Snapshot(int(version), orjson.loads(public), parts, seats)


def from_hint(hint: Mapping[str, Any]) -> Snapshot | None:
    """What a hint shows of its match, all but private parts; None where it carries no view."""
    public = hint.get("public")
    return None if public is None else Snapshot(hint["version"], public, hidden=hint["seats"])


def etag(version: int, seat: int | None) -> str:
    """A strong validator: the version, and the seat, whose view no other one's copy may confirm."""
    return f'"{version}"' if seat is None else f'"{version}.{seat}"'
