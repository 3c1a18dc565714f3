"""Compositions, which combine several defenses on one threat: one class and file each."""

from mfmgame.game.compositions.composition import Composition, compose, composition_class

__all__ = ["Composition", "compose", "composition_class"]
