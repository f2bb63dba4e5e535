"""Sessions of players: begun as a guest, carried on by rotating refresh tokens, ended."""

import secrets
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog

from auth_api.directory import Directory
from auth_api.endings import Endings
from auth_api.names import guest_name
from auth_api.store import Player, Store
from auth_api.tokens import REFRESH_BYTES, Issuer, refresh_hash, refresh_text
from infra.clock import Clock
from infra.metrics import SECURITY_EVENTS

log = structlog.get_logger()


@dataclass(frozen=True)
class Lives:
    """How long sessions live, in seconds: unused, and at all."""

    idle: int
    absolute: int


@dataclass(frozen=True)
class Granted:
    """What a player leaves with."""

    player: Player
    access: str
    refresh: str


class Sessions:
    """Every way to begin, continue or end a session; raises StoreAway."""

    def __init__(
        self, store: Store, directory: Directory, endings: Endings, issuer: Issuer, lives: Lives, clock: Clock
    ) -> None:
        self._store, self._directory, self._endings, self._issuer = store, directory, endings, issuer
        self._lives, self._clock = lives, clock

    async def begin_as_guest(self, client: str) -> Granted:
        """A new player with a friendly name and a session."""
        player = Player(uuid4(), guest_name(secrets.randbits(32)))
        session, refresh = uuid4(), _new_refresh()
        await self._store.add_guest(
            player,
            session,
            client,
            refresh_hash(refresh),
            absolute=self._lives.absolute,
            idle=self._lives.idle,
        )
        await self._directory.publish([player])
        return Granted(player, self._access(player, client, session), refresh)

    async def refresh(self, token: str) -> Granted | None:
        """Exchange a refresh token; None if it is not good. A second use ends the whole session."""
        successor = _new_refresh()
        rotated = await self._store.rotate(refresh_hash(token), refresh_hash(successor), self._lives.idle)
        if rotated is None:
            await self._on_bad_refresh(token)
            return None
        await self._directory.publish([rotated.player])  # whoever plays on is remembered on
        return Granted(rotated.player, self._access(rotated.player, rotated.client, rotated.session), successor)

    async def logout(self, token: str) -> None:
        """End the token's session, its access tokens included; unknown tokens are nobody's."""
        await self._endings.end(self._store.logout(refresh_hash(token)))

    async def player(self, subject: str, session: str) -> Player | None:
        """The player whom a verified token names, while they and its session exist."""
        try:
            return await self._store.player(UUID(subject), UUID(session))
        except ValueError:
            return None

    def _access(self, player: Player, client: str, session: UUID) -> str:
        return self._issuer.access(str(player.id), client, str(session), str(uuid4()), self._clock.now_ms())

    async def _on_bad_refresh(self, token: str) -> None:
        ended = await self._endings.end(self._store.end_if_reused(refresh_hash(token)))
        reason = "refresh_reused" if ended else "refresh_unknown"
        SECURITY_EVENTS.labels(reason).inc()
        log.warning("refresh_refused", reason=reason)


def _new_refresh() -> str:
    return refresh_text(secrets.token_bytes(REFRESH_BYTES))
