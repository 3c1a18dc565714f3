"""How much of a resource is enough: the knee, and the least limit at which to operate.

The definitions are this project's own. With ``V(h)`` the value at a limit ``h``, other limits as
written, the *knee* is the least limit that minimizes ``V(h) + h``, where the resource has the unit
of the losses. Continuous and stepped defenses have a search each.
"""

from __future__ import annotations

from dataclasses import dataclass

from mfmgame.answers.sensitivity import OneSidedPrice
from mfmgame.answers.solution import Solution, scale_of
from mfmgame.answers.status import first_unproven
from mfmgame.attribution.spending_curve import ValueCurve
from mfmgame.attribution.spending_steps import ValueSteps
from mfmgame.documents.result import Status
from mfmgame.game.compositions import composition_class

__all__ = ["Knee", "Spending", "spending_on"]


@dataclass(frozen=True)
class Knee:
    """Least limit at which the loss and the limit together are least.

    Attributes
    ----------
    limit : float
        In units of the resource, which are loss units.
    value : float
        Value at this limit, in loss units.
    excess : float
        Most by which the total may exceed the least total, in loss units; rounding included.
    """

    limit: float
    value: float
    excess: float

    @property
    def total(self) -> float:
        """Value and limit together, in loss units."""
        return self.value + self.limit


@dataclass(frozen=True)
class Spending:
    """How much of a limited resource is enough.

    Attributes
    ----------
    resource : str
    limit : float
        In units of the resource.
    used : float
        Units that the plan uses.
    worth : OneSidedPrice
        Decrease of the value per unit at the limit, with every stepped defense held at its level.
    is_searched : bool
        Whether `knee` and `operate_limit` were searched: False if continuous and stepped defenses
        share the resource.
    knee : Knee or None
        None if the resource and the losses do not have the same named unit.
    operate_limit : float or None
        Least limit at which the decision is ``operate``, in units of the resource; None if there
        is none, or if the game has no termination loss.
    status : str
        ``proven``, or ``numerical`` if rounding leaves the knee or the decision open.
    """

    resource: str
    limit: float
    used: float
    worth: OneSidedPrice
    is_searched: bool
    knee: Knee | None
    operate_limit: float | None
    status: Status


def spending_on(resource: str, solution: Solution, worth: OneSidedPrice) -> Spending:
    """Find how much of a limited resource is enough.

    Parameters
    ----------
    resource : str
        Resource with a finite limit.
    solution : Solution
    worth : OneSidedPrice
        Worth of one unit at the limit.

    Returns
    -------
    Spending

    Raises
    ------
    SolverError
        If HiGHS refuses the program.
    """
    game = solution.game
    row = game.resources.index(resource)
    has_knee = bool(game.units.loss) and game.units.loss == game.units.resources.get(resource)
    has_knee = has_knee and not game.keeps_share(resource)
    is_asked = has_knee or game.termination_loss is not None
    shares = (game.use[row] > 0.0) & (game.max_level > 0.0) & ~game.level_rules.stepped
    is_searched = not (game.is_discrete and shares.any())
    knee, least, statuses = None, None, list[Status]()
    if is_asked and is_searched:
        search = (ValueSteps if game.is_discrete else ValueCurve)(game, resource)
        if has_knee:
            knee = Knee(*search.knee())
            asked = composition_class(game.composition).frontier_tolerance
            is_close = knee.excess <= asked * scale_of(game, knee.total)
            statuses.append("proven" if is_close else "numerical")
        if game.termination_loss is not None:
            least, status = search.operating_limit(game.termination_loss)
            statuses.append(status)
    return Spending(
        resource=resource,
        limit=float(game.limits[row]),
        used=float(solution.resource_use.array[row]),
        worth=worth,
        is_searched=is_searched,
        knee=knee,
        operate_limit=least,
        status=first_unproven(statuses),
    )
