import numpy as np


def normalize_dataset(dataset, feature_range=(0.0, 1.0)):
    low, high = feature_range
    x = np.asfortranarray(dataset).astype(np.float64)
    x -= x.min(axis=0)
    top = x.max(axis=0)
    top[top == 0] = np.inf
    x /= top
    return low + x * (high - low)


def fit_min_max(train):
    return np.minimum.reduce(train), np.maximum.reduce(train)


def apply_min_max(data, minimum, maximum):
    span = maximum - minimum
    span[span == 0] = 1
    return data / span - minimum / span


def standardize(dataset, ddof=0):
    n = dataset.shape[0]
    mean = dataset.sum(axis=0) / n
    variance = (dataset**2).sum(axis=0) / (n - ddof) - mean**2
    result = np.zeros(dataset.shape, order="F")
    varies = np.ptp(dataset, axis=0) > 0
    result[:, varies] = (dataset[:, varies] - mean[varies]) / np.sqrt(variance[varies])
    return result
