"""Display names of players: a bounded memory before Redis, PostgreSQL behind it."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from infra.redis_line import Line, ServerError
from schemas import keys
from schemas.match import COMPUTER

MOST = 20_000
FRESH_SECONDS = 300.0  # a renamed player is seen under the new name after this
UNKNOWN_SECONDS = 5.0

Behind = Callable[[list[str]], Awaitable[Mapping[str, str]]]  # never raises for a store that is away


class Names:
    """Names by player id; who has none yet is asked for again after UNKNOWN_SECONDS."""

    def __init__(self, line: Line, behind: Behind, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._line, self._behind, self._monotonic = line, behind, monotonic
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()  # name, until when it is fresh

    def remembered(self, players: Iterable[str]) -> dict[str, str] | None:
        """The players' names if all are fresh in memory, else None. Costs no wait."""
        now, found = self._monotonic(), {}
        for player in players:
            if player == COMPUTER:
                continue
            name, until = self._known.get(player, ("", 0.0))
            if until < now:
                return None
            found[player] = name
        return found

    async def of(self, players: Iterable[str]) -> dict[str, str]:
        """The players' names; one that nobody can tell now is ''. Never raises for a store that is away."""
        players = [player for player in dict.fromkeys(players) if player != COMPUTER]
        found = self.remembered(players)
        if found is not None:
            return found
        names = await self._redis(players)
        if missing := [player for player in players if not names.get(player)]:
            names.update(await self._behind(missing))
        for player in players:
            self._remember(player, names.get(player) or "")
        return {player: names.get(player) or "" for player in players}

    async def _redis(self, players: list[str]) -> dict[str, str]:
        try:
            found: list[Any] = await self._line.call("MGET", *map(keys.player, players))
        except (OSError, ServerError):
            return {}
        return {p: name.decode(errors="replace") for p, name in zip(players, found, strict=True) if name}

    def _remember(self, player: str, name: str) -> None:
        until = self._monotonic() + (FRESH_SECONDS if name else UNKNOWN_SECONDS)
        self._known[player] = (name, until)
        self._known.move_to_end(player)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
