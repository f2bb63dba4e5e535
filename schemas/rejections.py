"""Every code a rejected command can carry; stable for ever, worded by the clients."""

from enum import StrEnum


class Code(StrEnum):
    UNKNOWN_MATCH = "unknown_match"  # no such match, or long forgotten
    UNKNOWN_GAME = "unknown_game"
    ALREADY_EXISTS = "already_exists"  # a second create of one match
    MATCH_FULL = "match_full"
    ALREADY_JOINED = "already_joined"
    NOT_SEATED = "not_seated"
    NOT_PLAYING = "not_playing"  # nobody has joined yet
    ALREADY_MOVED = "already_moved"
    WRONG_ROUND = "wrong_round"  # meant for a round that is over or not open yet
    UNKNOWN_MOVE = "unknown_move"  # not a move the game's rules know
    TOO_LATE = "too_late"  # the deadline had passed
    ENDED = "ended"
    NO_REMATCH = "no_rematch"  # the match still runs
    ALREADY_ASKED = "already_asked"  # for a rematch
    KEY_REUSED = "key_reused"  # the same command id with another body
    TOO_EARLY = "too_early"  # a timer ran ahead of the broker's clock
    STALE = "stale"  # a timer spoke of a deadline that no longer stands
    UNREADABLE = "unreadable"
    WRONG_KEY = "wrong_key"
    UNSUPPORTED_VERSION = "unsupported_version"
    TOO_LARGE = "too_large"
