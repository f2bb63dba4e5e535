"""The life of one match, told as what each command does to it; a match is a dict, changed in place.

Every command first lets the passed deadline have its effect; then it is refused with a code, or happens. `happen`
returns the events and the code; events with a code are what time alone had decided.
"""

from typing import Any, TypeAlias

from tests.proof.rules import games

HOUR, MINUTE, SECOND = 3_600_000, 60_000, 1000
COMPUTER = "computer"
RULES = 1
Match: TypeAlias = dict[str, Any]
Events: TypeAlias = list[dict[str, Any]]


def created(player: str, word: dict[str, Any], at: int, entropy: int) -> tuple[Match | None, Events, str | None]:
    """A new match and its first events; or none, and the code."""
    if word["game"] not in games.SHAPES:
        return None, [], "unknown_game"
    if word["rules"] != RULES:
        return None, [], "unsupported_version"
    match: Match = {
        "game": word["game"],
        "options": word["options"],
        "seats": [player, None],
        "phase": "waiting",
        "deadline": at + HOUR,
        "version": 0,
    }
    clean(match)
    events: Events = [
        {
            "type": "match.created.v1",
            "game": word["game"],
            "rules": word["rules"],
            "options": word["options"],
            "player": player,
            "deadline": match["deadline"],
        }
    ]
    if word["options"]["opponent"] == COMPUTER:
        sit_down(match, COMPUTER, events)
        open_round(match, 1, at, entropy, events)
    return match, events, None


def clean(match: Match) -> None:
    """As at the beginning of a match or of a rematch."""
    match.update(score=[0, 0], misses=[0, 0], rounds=[], round=0, moves=[None, None])
    match.update(winner=None, ended_by=None, rematch=[False, False])


def happen(match: Match, player: str, word: dict[str, Any], at: int, entropy: int) -> tuple[Events, str | None]:
    """Let a command come to a match that exists."""
    events: Events = []
    late = match["deadline"] is not None and at >= match["deadline"]
    if late:
        about, phase = match["deadline"], match["phase"]
        time_out(match, at, entropy, events)
        if word["type"] == "match.time-elapsed.v1" and word["deadline"] == about:
            return events, None
        if word["type"] == "match.play.v1" and phase == "playing" and player in match["seats"]:
            return events, "too_late"
    return events, answer(match, player, word, at, entropy, events)


def answer(match: Match, player: str, word: dict[str, Any], at: int, entropy: int, events: Events) -> str | None:
    kind = word["type"]
    if kind == "match.create.v1":
        return "already_exists"
    if kind == "match.time-elapsed.v1":
        return "too_early" if word["deadline"] == match["deadline"] else "stale"
    if kind == "match.join.v1":
        return join(match, player, at, entropy, events)
    if player not in match["seats"]:
        return "not_seated"
    seat = match["seats"].index(player)
    if kind == "match.resign.v1":
        return resign(match, seat, at, events)
    if kind == "match.rematch.v1":
        return rematch(match, seat, at, entropy, events)
    return play(match, seat, word, at, entropy, events)


def join(match: Match, player: str, at: int, entropy: int, events: Events) -> str | None:
    if player in match["seats"]:
        return "already_joined"
    if match["phase"] == "playing":
        return "match_full"
    if match["phase"] != "waiting":
        return "ended"
    sit_down(match, player, events)
    open_round(match, 1, at, entropy, events)
    return None


def resign(match: Match, seat: int, at: int, events: Events) -> str | None:
    if match["phase"] == "waiting":
        end(match, None, "resignation", None, events)
        close(match, events)
        return None
    if match["phase"] != "playing":
        return "ended"
    end(match, 1 - seat, "resignation", at + 10 * MINUTE, events)
    return None


def rematch(match: Match, seat: int, at: int, entropy: int, events: Events) -> str | None:
    if match["phase"] == "closed":
        return "ended"
    if match["phase"] != "ended":
        return "no_rematch"
    if match["rematch"][seat]:
        return "already_asked"
    match["rematch"][seat] = True
    events.append({"type": "match.rematch-asked.v1", "seat": seat})
    if match["rematch"][1 - seat] or match["seats"][1 - seat] == COMPUTER:
        events.append({"type": "match.restarted.v1"})
        clean(match)
        open_round(match, 1, at, entropy, events)
    return None


def play(match: Match, seat: int, word: dict[str, Any], at: int, entropy: int, events: Events) -> str | None:
    if match["phase"] == "waiting":
        return "not_playing"
    if match["phase"] != "playing":
        return "ended"
    if word["round"] is not None and word["round"] != match["round"]:
        return "wrong_round"
    if match["moves"][seat] is not None:
        return "already_moved"
    shape = games.known(match["game"], word["move"])
    if shape is None:
        return "unknown_move"
    throw(match, seat, shape, events)
    if None not in match["moves"]:
        end_round(match, games.winner(*match["moves"]), [], at, entropy, events)
    return None


def time_out(match: Match, at: int, entropy: int, events: Events) -> None:
    """The deadline has passed."""
    if match["phase"] == "waiting":
        end(match, None, "time", None, events)
        close(match, events)
    elif match["phase"] == "ended":
        close(match, events)
    else:
        missed = [seat for seat in (0, 1) if match["moves"][seat] is None]
        end_round(match, None if len(missed) == 2 else 1 - missed[0], missed, at, entropy, events)


def end_round(match: Match, winner: int | None, missed: list[int], at: int, entropy: int, events: Events) -> None:
    events.append({"type": "match.round-ended.v1", "winner": winner, "missed": missed})
    match["rounds"].append({"moves": match["moves"], "winner": winner})
    match["moves"], match["deadline"] = [None, None], None
    if winner is not None:
        match["score"][winner] += 1
    for seat in (0, 1):
        match["misses"][seat] = match["misses"][seat] + 1 if seat in missed else 0
    gone = [seat for seat in (0, 1) if match["misses"][seat] == 3]
    if gone:
        end(match, None if len(gone) == 2 else 1 - gone[0], "time", at + 10 * MINUTE, events)
    elif winner is not None and match["score"][winner] > match["options"]["best_of"] / 2:
        end(match, winner, "score", at + 10 * MINUTE, events)
    else:
        open_round(match, match["round"] + 1, at, entropy, events)


def open_round(match: Match, number: int, at: int, entropy: int, events: Events) -> None:
    deadline = at + match["options"]["move_seconds"] * SECOND
    match.update(phase="playing", round=number, deadline=deadline)
    events.append({"type": "match.round-opened.v1", "round": number, "deadline": deadline})
    if match["options"]["opponent"] == COMPUTER:
        throw(match, 1, games.chosen(match["game"], entropy), events)


def throw(match: Match, seat: int, shape: str, events: Events) -> None:
    match["moves"][seat] = shape
    events.append({"type": f"{match['game']}.shape-thrown.v1", "seat": seat, "shape": shape})


def sit_down(match: Match, player: str, events: Events) -> None:
    match["seats"][1] = player
    events.append({"type": "match.player-joined.v1", "seat": 1, "player": player})


def end(match: Match, winner: int | None, by: str, deadline: int | None, events: Events) -> None:
    match.update(phase="ended", winner=winner, ended_by=by, deadline=deadline, moves=[None, None])
    events.append({"type": "match.ended.v1", "winner": winner, "by": by, "deadline": deadline})


def close(match: Match, events: Events) -> None:
    match.update(phase="closed", deadline=None)
    events.append({"type": "match.closed.v1"})
