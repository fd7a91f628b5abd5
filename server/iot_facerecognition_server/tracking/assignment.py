"""The best way to give each of some things one of others: all pairs together, not one by one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_NOBODY: Final = -1


def best_pairs(gains: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the pairs of a row and a column with the largest sum of gains, in order of rows.

    `gains` is (R, C), finite; no row and no column is in two pairs, and a pair whose gain is not
    above 0 is none. Greedily, the largest gain first, a row could take the only column that suits
    another. Rows are added one by one, each along the shortest augmenting path (R. Jonker and A.
    Volgenant, Computing 38, 1987).
    """
    rows, columns = gains.shape
    if not rows or not columns:
        return []
    wanted = gains > 0
    if wanted.sum(axis=0).max() <= 1 and wanted.sum(axis=1).max() <= 1:
        return [(int(row), int(column)) for row, column in np.argwhere(wanted)]  # nobody competes
    # A column of its own for each row: to stay alone costs nothing.
    costs = np.hstack((-np.maximum(gains, 0.0), np.zeros((rows, rows))))
    row_prices, column_prices = np.zeros(rows), np.zeros(columns + rows)
    owner = np.full(columns + rows, _NOBODY)
    for row in range(rows):
        _place(row, costs, row_prices, column_prices, owner)
    return sorted(
        (int(row), column)
        for column, row in enumerate(owner[:columns])
        if row != _NOBODY and gains[row, column] > 0
    )


def _place(
    row: int,
    costs: NDArray[np.float64],
    row_prices: NDArray[np.float64],
    column_prices: NDArray[np.float64],
    owner: NDArray[np.intp],
) -> None:
    """Give `row` a column, moving other rows on along the cheapest path to a free one.

    Prices stay such that no reduced cost is negative, and those of the pairs are 0.
    """
    size = len(column_prices)
    reached = np.zeros(size, np.bool_)
    distance, came_from = np.full(size, np.inf), np.full(size, _NOBODY)
    current, so_far = row, 0.0
    while True:
        through = so_far + costs[current] - row_prices[current] - column_prices
        shorter = ~reached & (through < distance)
        distance[shorter] = through[shorter]
        came_from[shorter] = current
        column = int(np.where(reached, np.inf, distance).argmin())
        so_far = distance[column]
        if owner[column] == _NOBODY:
            break
        reached[column] = True
        current = int(owner[column])
    row_prices[row] += so_far
    taken = np.flatnonzero(reached)
    row_prices[owner[taken]] += so_far - distance[taken]
    column_prices[taken] -= so_far - distance[taken]
    while True:  # back along the path, where each row leaves its column to the one before
        mover = int(came_from[column])
        left = np.flatnonzero(owner == mover)
        owner[column] = mover
        if mover == row:
            return
        column = int(left[0])
