"""How several defenses act on one threat: one class, in a file of its own, per composition."""

from mfmgame.game.compositions.composition import Composition, compose, composition_class

__all__ = ["Composition", "compose", "composition_class"]
