"""Where to spend on defenses, and when to shut down: games over multimodal systems."""

from mfmgame.game import DefenseGame, build_game
from mfmgame.solver import Solution, solve
from mfmgame.spec import *
