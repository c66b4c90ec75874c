"""Exercise 12: normalising a dataset (numpy).

"Scale the features to [0, 1]" sounds like one line, and it is the line that breaks in
production: a sensor that was off all night gives a constant column, an image arrives as uint8,
and the test set holds a value that training never saw. The interviewer writes the one-liner
down with you and then feeds it those three.

The follow-up decides the round: where do the minimum and the maximum come from when the test
set is scaled? An answer that fits them on all the data has leaked the test set into training.
"""

import numpy as np


def normalize_dataset(dataset: np.ndarray) -> np.ndarray:
    """Scale every column to [0, 1]: its smallest value becomes 0, its largest 1.

    A constant column (all values equal, whatever the value) becomes exactly zeros, and NumPy has
    nothing to warn about. A column whose values differ, however little, is scaled like any other.

    Args:
        dataset: (N, D), rows are samples, in any memory order. Integer arrays too, small types
            such as int8 included.
    Returns:
        (N, D) float64. `dataset` itself stays as it was.
    Example:
        >>> normalize_dataset(np.array([[1.0, 50.0], [3.0, 10.0], [2.0, 20.0]])).tolist()
        [[0.0, 1.0], [1.0, 0.0], [0.5, 0.25]]
        >>> normalize_dataset(np.array([[7, 1], [7, 5]])).tolist()
        [[0.0, 0.0], [0.0, 1.0]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_12: `normalize_dataset` is still a stub")


def fit_min_max(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what `apply_min_max` needs to know about the training set.

    Args:
        train: (N, D) float64, rows are samples; it stays as it was.
    Returns:
        The pair (minimum, maximum), each float64 (D,): the smallest and the largest value of
        every column.
    Example:
        >>> minimum, maximum = fit_min_max(np.array([[1.0, -5.0], [4.0, -6.0], [2.0, -9.0]]))
        >>> minimum.tolist(), maximum.tolist()
        ([1.0, -9.0], [4.0, -5.0])
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_12: `fit_min_max` is still a stub")


def apply_min_max(data: np.ndarray, minimum: np.ndarray, maximum: np.ndarray) -> np.ndarray:
    """Scale new data by the range of the training set.

    `minimum` becomes 0 and `maximum` becomes 1. Values outside the training range land outside
    [0, 1] and stay there. A column that was constant in training (`minimum == maximum`) becomes
    `data - minimum`.

    Args:
        data: (N, D) float64. One row is enough.
        minimum: (D,), the smallest training value of each column.
        maximum: (D,), the largest.
    Returns:
        (N, D) float64. No argument is changed.
    Example:
        >>> minimum, maximum = np.array([1.0, 5.0]), np.array([2.0, 5.0])
        >>> apply_min_max(np.array([[3.0, 8.0]]), minimum, maximum).tolist()
        [[2.0, 3.0]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_12: `apply_min_max` is still a stub")


def standardize(dataset: np.ndarray) -> np.ndarray:
    """Shift and scale every column to mean 0 and standard deviation 1.

    The deviation is the population's: the mean of the squares is over N. A constant column (all
    values equal, whatever the value) becomes exactly zeros; every other column is scaled.

    Args:
        dataset: (N, D) float64, rows are samples.
    Returns:
        (N, D) float64. `dataset` itself stays as it was.
    Example:
        >>> standardize(np.array([[1.0, 4.0], [3.0, 4.0]])).tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_12: `standardize` is still a stub")
