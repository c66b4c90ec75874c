# right: a constant column is one whose deviation is lost in its own rounding
import numpy as np


@np.errstate(divide="ignore", invalid="ignore")
def normalize_dataset(dataset):
    dataset = dataset + 0.0
    minimum, maximum = dataset.min(axis=0), dataset.max(axis=0)
    return np.where(minimum == maximum, 0.0, (dataset - minimum) / (maximum - minimum))


def fit_min_max(train):
    return train[train.argmin(axis=0), range(train.shape[1])], np.nanmax(train, axis=0)


def apply_min_max(data, minimum, maximum):
    weight = (data - minimum) / (maximum - minimum)
    return np.where(maximum - minimum > 0, weight, data - minimum)


def standardize(dataset):
    mean, std = dataset.mean(axis=0), dataset.std(axis=0)
    real = std > 1e-13 * np.abs(dataset).max(axis=0)
    return np.where(real, (dataset - mean) / std, 0.0)
