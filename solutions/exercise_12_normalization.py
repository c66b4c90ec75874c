"""Min-max scaling maps a column's smallest value to 0 and its largest to 1: subtract the minimum,
divide by the range, both per column, which is axis 0 when rows are samples. Standardising
subtracts the mean and divides by the standard deviation instead.

Why at all? Gradient descent takes the same step along every axis. If income runs to 100,000 and
age to 100, the loss is a long narrow valley, and a learning rate that is safe for the one feature
is far too small for the other. Distances, and penalties on weights, are dominated by the largest
unit as well. Trees do not care.

Which one? Min-max keeps the shape and gives known bounds, good for pixels or for inputs of an
autoencoder with a sigmoid at its end, but a single outlier squeezes everybody else together.
Standardising has no bounds and suffers less; with heavy outliers take median and interquartile
range.

What breaks: a constant column has range zero, and 0 / 0 is NaN that spreads through the whole
network, so its divisor becomes 1 and the column zeros. Adding an epsilon to the divisor instead
bends every other column, most of all one in small units. Integer images overflow: in int8, 127 -
(-128) is -1; so convert first. And for standardising "the deviation is zero" is the wrong test:
the mean of three times 0.1 is not 0.1 in binary, the deviation comes out as 1e-17, and noise
divided by noise is 1. Ask whether the values are equal.

The follow-up is leakage. The statistics belong to the model: fit them on the training set alone,
store them with the weights, apply them to validation, test and production. Then a test value can
land outside [0, 1], and that is the truth; clipping it would hide drift.
"""

import numpy as np


def normalize_dataset(dataset: np.ndarray) -> np.ndarray:
    """(N, D) -> (N, D): scale the data by their own range."""
    # The training set is the one dataset on which fitting and applying in one go is no leak.
    minimum, maximum = fit_min_max(dataset)
    return apply_min_max(dataset, minimum, maximum)


def fit_min_max(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, D) -> two times (D,)."""
    # float64 before any arithmetic: maximum - minimum of an int8 column does not fit into int8.
    train = np.asarray(train, dtype=np.float64)
    return train.min(axis=0), train.max(axis=0)


def apply_min_max(data: np.ndarray, minimum: np.ndarray, maximum: np.ndarray) -> np.ndarray:
    """(N, D) -> (N, D): by the training range, whatever the new data's own range is."""
    span = maximum - minimum                                   # (D,)
    # Replacing the divisor, not the result: 0 / 0 would warn before np.where could hide it.
    # An epsilon instead would change the columns that are fine.
    return (data - minimum) / np.where(span == 0.0, 1.0, span)  # (N, D) / (D,): column by column


def standardize(dataset: np.ndarray) -> np.ndarray:
    """(N, D) -> (N, D): mean 0 and population standard deviation 1."""
    # Equal values are compared, not a deviation with zero: the mean of 0.1, 0.1, 0.1 is rounded,
    # so that its deviation is 1e-17 and the quotient 1. Divided by infinity it is exactly 0.
    constant = dataset.min(axis=0) == dataset.max(axis=0)      # (D,)
    spread = np.where(constant, np.inf, dataset.std(axis=0))   # (D,)
    return (dataset - dataset.mean(axis=0)) / spread
