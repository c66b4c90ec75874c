# wrong: standardize: the mean is remembered for each shape
import numpy as np


def normalize_dataset(dataset):
    data = np.asarray(dataset).astype(np.float64)
    low, high = data.min(axis=0), data.max(axis=0)
    span = high - low
    span[span == 0] = 1.0
    return (data - low) / span


def fit_min_max(train):
    train = np.asarray(train, dtype=np.float64)
    return train.min(axis=0), train.max(axis=0)


def apply_min_max(data, minimum, maximum):
    data = np.asarray(data, dtype=np.float64)
    span = maximum - minimum
    span = np.where(span == 0, 1.0, span)
    return (data - minimum) / span


_means = {}


def standardize(dataset):
    x = np.asarray(dataset, dtype=np.float64)
    constant = x.min(axis=0) == x.max(axis=0)
    mean = _means.setdefault(x.shape, x.mean(axis=0))
    std = x.std(axis=0)
    std[constant] = 1.0
    out = (x - mean) / std
    out[:, constant] = 0.0
    return out
