"""Every game the engine judges, by name and version of its rules; adding one is one line.

A version stays here for as long as a log may hold matches that pinned it.
"""

from engine_worker.decider import Game
from engine_worker.games.rps import RPS
from engine_worker.games.rpsfw import RPSFW

GAMES: dict[tuple[str, int], Game] = {(game.name, game.rules): game for game in (RPS, RPSFW)}
