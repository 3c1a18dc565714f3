"""Solutions and certificates of matrix games, checked without a solver."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.answer_displays import Displayed
from mfmgame.errors import CertificateError, SpecificationError
from mfmgame.matrix_games.payoffs import Mixture, Payoffs
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    import pandas

__all__ = ["MatrixCertificate", "MatrixSolution"]


_NEGLIGIBLE = Fraction(1, 2**20)
"""Least scale of a relative gap, as a share of the stakes."""


@dataclass(frozen=True, eq=False)
class MatrixCertificate:
    """Two exact mixed strategies, whose guarantees bracket the value.

    Attributes
    ----------
    rows, columns : Mixture
        Integer weights of the defender's rows and of the attacker's columns.
    lower, upper : Fraction
        Least payoff that `columns` earns and greatest that `rows` pays, in payoff units.
    """

    rows: Mixture
    columns: Mixture
    lower: Fraction
    upper: Fraction

    @classmethod
    def of(cls, payoffs: Payoffs, rows: Mixture, columns: Mixture) -> MatrixCertificate:
        """Compute the bracket that two strategies prove.

        Parameters
        ----------
        payoffs : Payoffs
            The game.
        rows, columns : Mixture
            Strategies of the defender and of the attacker.

        Returns
        -------
        MatrixCertificate
        """
        lower, upper = payoffs.least_earned(columns)[0], payoffs.most_paid(rows)[0]
        return cls(rows, columns, lower, upper)

    @property
    def width(self) -> Fraction:
        """Width of the bracket, in payoff units."""
        return self.upper - self.lower

    def gap(self, payoffs: Payoffs) -> float:
        """Compute the width of the bracket, relative as in ``MatrixSolution.gap``.

        Parameters
        ----------
        payoffs : Payoffs
            The game.

        Returns
        -------
        float
        """
        if not self.width:
            return 0.0
        stakes = payoffs.stakes(self.rows, self.columns)
        scale = max(abs(self.lower), abs(self.upper), _NEGLIGIBLE * stakes)
        return max(float(self.width / scale), math.ulp(0.0))


@dataclass(frozen=True, eq=False, repr=False)
class MatrixSolution(Displayed):
    """Optimal strategies of a zero-sum matrix game, with a proof of its value.

    Attributes
    ----------
    value : float
        Average payment of the defender, who chooses the row, under optimal play, in payoff units;
        between `lower` and `upper`.
    lower, upper : float
        Proven bracket of the game's value: the certificate's, rounded outwards.
    gap : float
        Width of the exact bracket, relative to the value, or to a millionth (2**-20) of the
        stakes if the value is smaller. The stakes are the mean magnitude of the payoffs when both
        strategies are played.
    row_strategy : ndarray of float, shape (n_rows,)
        Probabilities of the rows of the defender, who minimises: the certificate's, rounded.
    column_strategy : ndarray of float, shape (n_columns,)
        Probabilities of the columns of the attacker, who maximises.
    certificate : MatrixCertificate
        The same strategies exactly, and the bracket that they prove.
    tolerance : float
        Relative gap that was asked for.
    """

    value: float
    lower: float
    upper: float
    gap: float
    row_strategy: FloatArray
    column_strategy: FloatArray
    certificate: MatrixCertificate
    tolerance: float

    @classmethod
    def of(
        cls, payoffs: Payoffs, certificate: MatrixCertificate, tolerance: float
    ) -> MatrixSolution:
        """Build the solution that a certificate proves.

        Parameters
        ----------
        payoffs : Payoffs
            The game.
        certificate : MatrixCertificate
            Its proof.
        tolerance : float
            Relative gap that was asked for.

        Returns
        -------
        MatrixSolution
        """
        proof = certificate
        lower, upper = _rounded(proof.lower, -1), _rounded(proof.upper, 1)
        straddles = proof.lower <= 0 <= proof.upper
        middle = Fraction(0) if straddles else (proof.lower + proof.upper) / 2
        if proof.width:
            # Also inside the bracket that the rounded strategies prove.
            floats = [Mixture.of_floats(side.shares) for side in (proof.rows, proof.columns)]
            rough = MatrixCertificate.of(payoffs, *floats)
            middle = min(max(middle, rough.lower), rough.upper)
        return cls(
            value=min(max(float(middle), lower), upper),
            lower=lower,
            upper=upper,
            gap=proof.gap(payoffs),
            row_strategy=proof.rows.shares,
            column_strategy=proof.columns.shares,
            certificate=proof,
            tolerance=tolerance,
        )

    @property
    def is_proven(self) -> bool:
        """Whether the proven bracket is as narrow as the tolerance."""
        return self.gap <= self.tolerance

    def verify(self, matrix: ArrayLike) -> None:
        """Check every claim of the solution against a matrix, without solver or rounding.

        Parameters
        ----------
        matrix : array_like, shape (n_rows, n_columns)

        Raises
        ------
        CertificateError
            If a claim does not follow from the strategies.
        SpecificationError
            If the matrix is not a valid payoff matrix.

        Examples
        --------
        >>> import mfmgame as mg
        >>> solution = mg.solve_matrix_game([[3, 0], [0, 1]])
        >>> solution.verify([[3, 0], [0, 1]])
        >>> solution.verify([[3, 0], [0, 2]])
        Traceback (most recent call last):
            ...
        mfmgame.errors.CertificateError: the upper bound does not follow from the strategies
        """
        payoffs = Payoffs(matrix)
        proof = self.certificate
        sides = (
            ("row", proof.rows, self.row_strategy),
            ("column", proof.columns, self.column_strategy),
        )
        for size, (name, mixture, shares) in zip(payoffs.shape, sides, strict=True):
            _check(mixture.is_valid(size), f"the {name} weights are not a mixed strategy")
            _check(
                np.array_equal(shares, mixture.shares),
                f"the {name} strategy does not match its weights",
            )
        found = _exact_certificate(payoffs, proof.rows, proof.columns)
        for name, claims, proven, direction in (
            ("lower", (proof.lower, self.lower), found.lower, -1),
            ("upper", (proof.upper, self.upper), found.upper, 1),
        ):
            _check(
                claims == (proven, _rounded(proven, direction)),
                f"the {name} bound does not follow from the strategies",
            )
        _check(self.lower <= self.value <= self.upper, "the value is not between its bounds")
        _check(
            math.isclose(self.gap, found.gap(payoffs), rel_tol=1e-9),
            "the gap does not match the bounds",
        )

    def to_frame(self, lines: Literal["rows", "columns"] = "rows") -> pandas.DataFrame:
        """Tabulate the lines played with their probabilities.

        Parameters
        ----------
        lines : {"rows", "columns"}

        Returns
        -------
        pandas.DataFrame
            One column, `probability`, indexed by the line's number in the matrix.

        Raises
        ------
        SpecificationError
            If `lines` is neither.
        """
        import pandas

        if lines not in ("rows", "columns"):
            raise SpecificationError(
                f"found {shown(lines)}, expected 'rows' or 'columns'", pointer="lines"
            )
        is_rows = lines == "rows"
        shares = self.row_strategy if is_rows else self.column_strategy
        index = pandas.Index(np.flatnonzero(shares), name=lines.removesuffix("s"))
        return pandas.DataFrame({"probability": shares[index]}, index=index)


def _exact_certificate(payoffs: Payoffs, rows: Mixture, columns: Mixture) -> MatrixCertificate:
    """Compute the bracket of two strategies from every line's sum, in integers alone."""
    block, exponent = payoffs.block(rows.lines, np.arange(payoffs.shape[1]))
    upper = Fraction(max((rows.weights @ block).tolist()), rows.total)
    upper *= Fraction(2) ** exponent
    block, exponent = payoffs.block(np.arange(payoffs.shape[0]), columns.lines)
    lower = Fraction(min((block @ columns.weights).tolist()), columns.total)
    lower *= Fraction(2) ** exponent
    return MatrixCertificate(rows, columns, lower, upper)


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CertificateError(otherwise)


def _rounded(number: Fraction, direction: int) -> float:
    """Round a number to float64 on one side: downwards for -1, upwards for 1."""
    nearest = float(number)
    inside = (Fraction(nearest) - number) * direction < 0
    return math.nextafter(nearest, direction * math.inf) if inside else nearest
