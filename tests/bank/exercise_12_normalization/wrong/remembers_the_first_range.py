# wrong: normalize_dataset: the range of the first call is used for every later one
import numpy as np


def normalize_dataset(dataset, _fitted={}):
    dataset = np.asarray(dataset, dtype=np.float64)
    key = dataset.shape
    if key not in _fitted:
        _fitted[key] = dataset.min(axis=0), dataset.max(axis=0)
    minimum, maximum = _fitted[key]
    span = np.where(maximum == minimum, 1.0, maximum - minimum)
    return (dataset - minimum) / span


def fit_min_max(train):
    return train.min(axis=0), train.max(axis=0)


def apply_min_max(data, minimum, maximum):
    span = maximum - minimum
    return (data - minimum) / np.where(span == 0, 1.0, span)


def standardize(dataset):
    constant = np.all(dataset == dataset[0], axis=0)
    std = np.where(constant, 1.0, dataset.std(axis=0))
    return np.where(constant, 0.0, (dataset - dataset.mean(axis=0)) / std)
