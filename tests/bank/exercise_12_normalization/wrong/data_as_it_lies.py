# wrong: apply_min_max: treats every D-th number in memory as a column
import numpy as np


def normalize_dataset(dataset):
    dataset = np.asarray(dataset, dtype=np.float64)
    minimum = dataset.min(axis=0)
    span = dataset.max(axis=0) - minimum
    span[span == 0] = 1.0
    return ((dataset - minimum) / span).astype(np.float64)


def fit_min_max(train):
    return train.min(axis=0), train.max(axis=0)


def apply_min_max(data, minimum, maximum):
    span = maximum - minimum
    data = data.ravel(order="K").reshape(data.shape)
    return (data - minimum) / np.where(span == 0, 1.0, span)


def standardize(dataset):
    constant = np.all(dataset == dataset[0], axis=0)
    std = np.where(constant, 1.0, dataset.std(axis=0))
    return np.where(constant, 0.0, (dataset - dataset.mean(axis=0)) / std)
