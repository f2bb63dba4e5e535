"""The life of a match: create, join, play, resign, time out, rematch, over a game's rules of one round."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from engine_worker.decider import Ask, Decider, Decision, Game, Rejection, Verdict
from engine_worker.games import GAMES
from engine_worker.table import INITIAL, Table, evolve, happen, private, public
from schemas import match as words
from schemas.match import COMPUTER
from schemas.rejections import Code
from schemas.word import CommandWord, Event, Millis, Seat

WAITING_MS = 3_600_000
REMATCH_MS = 600_000
MISSES_TO_LOSE = 3

Answer: TypeAlias = Verdict[Table]
_new = tuple.__new__  # a NamedTuple's own constructor costs half as much again


class Course:
    """A match while it is being decided: what has happened so far, and the table it led to."""

    __slots__ = ("_own", "events", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.events: list[Event] = []
        self._own = False  # nobody else holds the table

    def add(self, event: Event) -> None:
        if not self._own:
            self.table, self._own = self.table.copy(), True
        self.events.append(event)
        happen(self.table, event)

    def decision(self) -> Decision[Table]:
        self._own = False
        return _new(Decision, (tuple(self.events), self.table))


def decide(ask: Ask, table: Table) -> Answer:
    """What a command does to a match; what time alone decides comes first."""
    course = Course(table)
    if table.phase == "new":
        return create(ask, course) if isinstance(ask.word, words.Create) else Rejection(Code.UNKNOWN_MATCH)
    if table.deadline is None or ask.at < table.deadline:
        code = answer(ask, course)
        return course.decision() if code is None else Rejection(code)
    time_out(ask, course)
    settled = course.decision()
    code = answer_late(ask, table, course)
    return course.decision() if code is None else Rejection(code, settled)


def answer_late(ask: Ask, before: Table, course: Course) -> Code | None:
    """A command behind the deadline: a move meant for the round that time has ended does not count."""
    if isinstance(ask.word, words.TimeElapsed) and ask.word.deadline == before.deadline:
        return None
    late = isinstance(ask.word, words.Play) and before.phase == "playing" and ask.player in before.seats
    return Code.TOO_LATE if late else answer(ask, course)


def answer(ask: Ask, course: Course) -> Code | None:
    """Let the command happen to the table as it stands; a code where the rules refuse it."""
    return _ANSWERS[type(ask.word)](ask, course)


def create(ask: Ask, course: Course) -> Answer:
    word: words.Create = ask.word
    if (word.game, word.rules) not in GAMES:
        known = any(name == word.game for name, _ in GAMES)
        return Rejection(Code.UNSUPPORTED_VERSION if known else Code.UNKNOWN_GAME)
    course.add(
        words.MatchCreated(
            game=word.game,
            rules=word.rules,
            options=word.options,
            player=ask.player,
            deadline=ask.at + WAITING_MS,
        )
    )
    if word.options.opponent == "computer":
        course.add(words.PlayerJoined(seat=1, player=COMPUTER))
        open_round(ask, course, 1)
    return course.decision()


def join(ask: Ask, course: Course) -> Code | None:
    table = course.table
    if ask.player in table.seats:
        return Code.ALREADY_JOINED
    if table.phase != "waiting":
        return Code.MATCH_FULL if table.phase == "playing" else Code.ENDED
    course.add(words.PlayerJoined(seat=1, player=ask.player))
    open_round(ask, course, 1)
    return None


def play(ask: Ask, course: Course) -> Code | None:
    word: words.Play = ask.word
    table, player = course.table, ask.player
    if refused := not_playing(player, table):
        return refused
    if word.round is not None and word.round != table.round:
        return Code.WRONG_ROUND
    seat, game = table.seats.index(player), game_of(table)
    if table.moves[seat] is not None:
        return Code.ALREADY_MOVED
    thrown = game.throw(seat, word.move)
    if thrown is None:
        return Code.UNKNOWN_MOVE
    course.add(thrown)
    first, second = course.table.moves
    if first is not None and second is not None:
        end_round(ask, course, _ended(game.winner((first, second))))
    return None


def resign(ask: Ask, course: Course) -> Code | None:
    table = course.table
    if table.phase == "waiting" and ask.player in table.seats:
        course.add(words.MatchEnded(winner=None, by="resignation", deadline=None))
        course.add(words.MatchClosed())
        return None
    if refused := not_playing(ask.player, table):
        return refused
    end_match(ask, course, 1 - table.seats.index(ask.player), "resignation")
    return None


def rematch(ask: Ask, course: Course) -> Code | None:
    """Both seats want it: the table is played again; the computer always does."""
    table = course.table
    if ask.player not in table.seats:
        return Code.NOT_SEATED
    if table.phase != "ended":
        return Code.ENDED if table.phase == "closed" else Code.NO_REMATCH
    seat = table.seats.index(ask.player)
    if table.rematch[seat]:
        return Code.ALREADY_ASKED
    course.add(words.RematchAsked(seat=seat))
    if table.rematch[1 - seat] or table.seats[1 - seat] == COMPUTER:
        course.add(words.MatchRestarted())
        open_round(ask, course, 1)
    return None


def time_out(ask: Ask, course: Course) -> None:
    """What the passing of the deadline decides in each phase of a match."""
    table = course.table
    if table.phase == "waiting":
        course.add(words.MatchEnded(winner=None, by="time", deadline=None))
    if table.phase != "playing":
        course.add(words.MatchClosed())
        return
    missed = tuple(seat for seat, move in enumerate(table.moves) if move is None)
    winner = None if len(missed) == len(table.moves) else 1 - missed[0]
    end_round(ask, course, words.RoundEnded(winner=winner, missed=missed))


@lru_cache(maxsize=16)
def _ended(winner: Seat | None) -> words.RoundEnded:
    return words.RoundEnded(winner=winner)


@lru_cache(maxsize=256)  # the commands of a broker's batch have one time
def _opened(number: int, deadline: Millis) -> words.RoundOpened:
    return words.RoundOpened(round=number, deadline=deadline)


def open_round(ask: Ask, course: Course, number: int) -> None:
    """A round opens now, with the whole thinking time; the computer throws at once, face down."""
    options = course.table.options
    course.add(_opened(number, ask.at + options.move_seconds * 1000))
    if options.opponent == "computer":
        course.add(game_of(course.table).choose(1, int(ask.entropy, 16)))


def end_round(ask: Ask, course: Course, ended: words.RoundEnded) -> None:
    """The round's end and what follows from it: the match's end, or the next round."""
    course.add(ended)
    table = course.table
    score, needed = table.score, table.options.best_of // 2 + 1
    if ended.missed and max(table.misses) >= MISSES_TO_LOSE:
        lost = [seat for seat, misses in enumerate(table.misses) if misses >= MISSES_TO_LOSE]
        end_match(ask, course, None if len(lost) > 1 else 1 - lost[0], "time")
    elif needed in score:
        end_match(ask, course, score.index(needed), "score")
    else:
        open_round(ask, course, table.round + 1)


def end_match(ask: Ask, course: Course, winner: Seat | None, by: words.Ending) -> None:
    course.add(words.MatchEnded(winner=winner, by=by, deadline=ask.at + REMATCH_MS))


def not_playing(player: str, table: Table) -> Code | None:
    """Why this player can do nothing that needs a running match."""
    if player not in table.seats:
        return Code.NOT_SEATED
    if table.phase == "playing":
        return None
    return Code.NOT_PLAYING if table.phase == "waiting" else Code.ENDED


def game_of(table: Table) -> Game:
    """The rules this match pinned when it was created."""
    return GAMES[table.game, table.rules]


def time_elapsed(ask: Ask, course: Course) -> Code:
    """A timer's command that no deadline stands behind."""
    return Code.TOO_EARLY if ask.word.deadline == course.table.deadline else Code.STALE


def create_again(_: Ask, __: Course) -> Code:
    return Code.ALREADY_EXISTS


_ANSWERS: dict[type[CommandWord], Callable[[Ask, Course], Code | None]] = {
    words.Create: create_again,
    words.Join: join,
    words.Play: play,
    words.Resign: resign,
    words.Rematch: rematch,
    words.TimeElapsed: time_elapsed,
}

MATCH = Decider(
    name="match",
    initial=INITIAL,
    decide=decide,
    evolve=evolve,
    is_terminal=lambda table: table.phase == "closed",
    deadline=lambda table: table.deadline,
    public=public,
    private=private,
)
