"""The games that a scenario with uncertain numbers represents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.catalogs.measured_pairs import note_on_harm
from mfmgame.catalogs.scenario_entries import catalog_of, resolve
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.uncertain_numbers import Place, with_numbers
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import build_game
from mfmgame.messages import refuse_other_types
from mfmgame.numerics.arrays import FloatArray
from mfmgame.uncertainty.array_recipe import Recipe
from mfmgame.uncertainty.uncertain_inputs import Side, UncertainInputs

__all__ = ["GameFamily"]


class GameFamily:
    """A scenario's games: one for each choice of values of its uncertain numbers.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog, optional
        Catalog to build on, in place of the catalog that the scenario names.

    Attributes
    ----------
    inputs : UncertainInputs
        Uncertain numbers of the scenario and its catalog.
    nominal : DefenseGame
        Game at the nominal values.

    Raises
    ------
    SpecificationError
        If no game can be built with all numbers at their nominal values, at their least or
        at their greatest.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(
    ...     schema="mfmgame/scenario/1", attacker={"bandwidth": 1.0},
    ...     threats=[{"id": "t", "severity": {"range": [2, 6]}, "bandwidth": 1.0}],
    ... )
    >>> family = mg.GameFamily(scenario)
    >>> family.inputs.names, family.nominal.severity, family.game_at([2.5]).severity
    (('threats/t/severity',), array([4.]), array([2.5]))
    """

    def __init__(self, scenario: Scenario, catalog: Catalog | None = None) -> None:
        why = ": arrays hold no uncertain numbers"
        refuse_other_types(scenario, "scenario", Scenario, why=why)
        try:
            catalog = catalog_of(scenario, catalog)
            self._documents: dict[Side, Scenario | Catalog] = {
                "scenario": scenario,
                "catalog": catalog,
            }
            self.inputs = UncertainInputs(scenario, catalog)
            self._plain: dict[Side, dict[str, Any]] = {
                side: _without_forms(document) for side, document in self._documents.items()
            }
            self._prepare()
            if self.inputs.measured:
                harm = note_on_harm(resolve(scenario, catalog).measured)
                self.nominal.notes = (*self.nominal.notes, *harm)
        except SpecificationError as error:
            raise scenario.located(error) from None

    def _prepare(self) -> None:
        nominal, catalog = self._read(self.inputs.nominal)
        recipe = Recipe(nominal, catalog, resolve(nominal, catalog), build_game(nominal, catalog))
        cells = [recipe.cell(address) for address in self.inputs.addresses]
        self._recipe: Recipe | None = None if None in cells else recipe
        places: dict[str, list[tuple[int, int]]] = {}
        for column, cell in enumerate(cells):
            if cell is not None and cell.array:
                places.setdefault(cell.array, []).append((cell.position, column))
        self._cells = {name: np.array(pairs).T for name, pairs in places.items()}
        for values, end in ((self.inputs.lower, "least"), (self.inputs.upper, "greatest")):
            try:
                read = build_game(*self._read(values))
            except SpecificationError as error:
                message = f"with every uncertain number at its {end}: {error.message}"
                raise SpecificationError(message, pointer=error.pointer) from None
            # A recipe that misses an effect of a number must not be used: read documents instead.
            if self._recipe is not None and not _same(self.game_at(values), read):
                self._recipe = None
        self.nominal = self.game_at(self.inputs.nominal)

    def game_at(self, values: ArrayLike) -> DefenseGame:
        """Build the game at given values of the uncertain numbers.

        Parameters
        ----------
        values : array_like, shape (n_inputs,)
            Each value within its support.

        Returns
        -------
        DefenseGame
            Equal to the game that :func:`mfmgame.build_game` makes of the scenario and catalog
            with these numbers written in.

        Raises
        ------
        SpecificationError
            If the number of values is wrong, a value is out of its support, or the values
            make no valid game.
        """
        numbers = np.asarray(values, dtype=np.float64)
        inputs = self.inputs
        if numbers.shape != (len(inputs),):
            raise SpecificationError(
                f"found shape {numbers.shape}, expected ({len(inputs)},)", pointer="values"
            )
        inside = (numbers >= inputs.lower) & (numbers <= inputs.upper)
        if not inside.all():
            outside = int(np.argmin(inside))
            raise SpecificationError(
                f"found {float(numbers[outside])!r}, expected a value from "
                f"{float(inputs.lower[outside])!r} to {float(inputs.upper[outside])!r}",
                pointer=f"/{inputs.names[outside]}",
            )
        if self._recipe is None:
            return build_game(*self._read(numbers))
        changed: dict[str, FloatArray] = {}
        for name, (places, columns) in self._cells.items():
            array = self._recipe.arrays[name].copy()
            array.flat[places] = numbers[columns]
            changed[name] = array
        game = self._recipe.game(changed)
        composition_class(game.composition).check_effectiveness(
            np.asarray(game.effectiveness), game.threat_ids, game.defense_ids
        )
        return game

    def documents(self) -> dict[Side, dict[str, Any]]:
        """Return the scenario and its catalog in the form that may be written to files."""
        return {side: document.to_document() for side, document in self._documents.items()}

    def _read(self, values: FloatArray) -> tuple[Scenario, Catalog]:
        """Return the documents with given numbers written in."""
        numbers: dict[Side, dict[Place, Any]] = {"scenario": {}, "catalog": {}}
        for (side, place), value in zip(self.inputs.addresses, values.tolist(), strict=True):
            basis = self._documents[side].bases[place]
            # Beside its basis, so that notes still count it.
            numbers[side][place] = value if basis is None else {"value": value, "basis": basis}
        scenario, catalog = self._documents["scenario"], self._documents["catalog"]
        assert isinstance(scenario, Scenario)
        assert isinstance(catalog, Catalog)
        if numbers["scenario"]:
            scenario = Scenario.at_draw(with_numbers(self._plain["scenario"], numbers["scenario"]))
        if numbers["catalog"]:
            catalog = Catalog.at_draw(with_numbers(self._plain["catalog"], numbers["catalog"]))
        return scenario, catalog


def _without_forms(document: Scenario | Catalog) -> dict[str, Any]:
    """Return a document's nominal content, to be read again with other numbers."""
    if not document.uncertain:
        return {}
    content = document.model_dump(by_alias=True, exclude_unset=True)
    content.pop("correlations", None)
    stated = {
        place: form.model_dump(by_alias=True, exclude_unset=True)
        for place, form in document.stated.items()
    }
    plain: dict[str, Any] = with_numbers(content, stated)
    return plain


def _same(one: DefenseGame, other: DefenseGame) -> bool:
    """Check whether two games agree in everything, to the last bit."""
    mine, others = vars(one), vars(other)
    return mine.keys() == others.keys() and all(
        np.array_equal(mine[name], others[name]) for name in mine
    )
