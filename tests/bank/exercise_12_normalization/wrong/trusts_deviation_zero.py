# wrong: standardize: a constant column of 0.1 becomes ones, since its deviation is rounded
import numpy as np


def normalize_dataset(dataset):
    dataset = np.asarray(dataset, dtype=np.float64)
    minimum = dataset.min(axis=0)
    span = dataset.max(axis=0) - minimum
    span[span == 0] = 1.0
    return (dataset - minimum) / span


def fit_min_max(train):
    return train.min(axis=0), train.max(axis=0)


def apply_min_max(data, minimum, maximum):
    span = maximum - minimum
    return (data - minimum) / np.where(span == 0, 1.0, span)


def standardize(dataset):
    std = dataset.std(axis=0)
    std[std == 0] = 1.0
    return (dataset - dataset.mean(axis=0)) / std
