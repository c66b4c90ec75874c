# wrong: standardize: treats a column whose values np.isclose finds equal as a constant one
import statistics
from fractions import Fraction

import numpy as np


def normalize_dataset(dataset):
    columns = []
    for column in np.asarray(dataset).T.tolist():
        values = [Fraction(v) for v in column]
        span = max(values) - min(values)
        columns.append([float((v - min(values)) / span) if span else 0.0 for v in values])
    return np.array(columns, dtype=np.float64).transpose()


def fit_min_max(train):
    return np.array([min(c) for c in train.T]), np.array([max(c) for c in train.T])


def apply_min_max(data, minimum, maximum):
    rows = []
    for row in data:
        rows.append(
            [
                x - low if low == high else (x - low) / (high - low)
                for x, low, high in zip(row, minimum, maximum)
            ]
        )
    return np.array(rows)


def standardize(dataset):
    centred = dataset - dataset.mean(axis=0)
    constant = np.isclose(dataset, dataset[0]).all(axis=0)
    deviation = np.sqrt(np.mean(centred**2, axis=0))
    return np.where(constant, 0.0, centred / np.where(deviation > 0, deviation, 1.0))
