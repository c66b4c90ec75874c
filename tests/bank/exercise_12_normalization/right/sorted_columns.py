# right: sorts a copy of every column; the deviation as a norm of the centred column
import numpy as np


def normalize_dataset(dataset):
    dataset = np.asarray(dataset, dtype=np.float64)
    minimum = dataset.min(axis=0)
    span = dataset.max(axis=0) - minimum
    span[span == 0] = 1.0
    return ((dataset - minimum) / span).astype(np.float64)


def fit_min_max(train):
    ordered = np.sort(np.array(train, order="F"), axis=0)
    return ordered[0], ordered[-1]


def apply_min_max(data, minimum, maximum):
    span = maximum - minimum
    return (data - minimum) / np.where(span == 0, 1.0, span)


def standardize(dataset):
    out = np.zeros(dataset.shape, order="F")
    for place, column in enumerate(dataset.T):
        if column.min() < column.max():
            centred = column - np.average(column)
            out[:, place] = centred / (np.linalg.norm(centred) / np.sqrt(len(column)))
    return out
