"""KSP and KSPOV: their shapes in order, and who beats whom."""

from typing import Any

SHAPES = {
    "rps": ["rock", "paper", "scissors"],
    "rpsfw": ["rock", "paper", "scissors", "fire", "water"],
}
# fire beats rock, paper and scissors; water beats only fire; rock, paper and scissors beat water
LOSES_TO = {
    "rock": ["paper", "fire"],
    "paper": ["scissors", "fire"],
    "scissors": ["rock", "fire"],
    "fire": ["water"],
    "water": ["rock", "paper", "scissors"],
}


def known(game: str, move: Any) -> str | None:
    """The shape that a move names; None where the game does not know it."""
    if isinstance(move, dict) and list(move) == ["shape"] and isinstance(move["shape"], str):
        return move["shape"] if move["shape"] in SHAPES[game] else None
    return None


def winner(first: str, second: str) -> int | None:
    """The seat that wins a round; None for a tie."""
    if first == second:
        return None
    return 1 if second in LOSES_TO[first] else 0


def chosen(game: str, entropy: int) -> str:
    """The computer's shape."""
    return SHAPES[game][entropy % len(SHAPES[game])]
