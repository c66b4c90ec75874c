# wrong: standardize: clips what lies more than three deviations out
import numpy as np


def normalize_dataset(dataset):
    x = np.asarray(dataset, dtype=np.float64)
    lo = x.min(axis=0)
    hi = x.max(axis=0)
    span = hi - lo
    span = np.where(span == 0, 1.0, span)
    return (x - lo) / span


def fit_min_max(train):
    return train.min(axis=0), train.max(axis=0)


def apply_min_max(data, minimum, maximum):
    span = np.where(maximum == minimum, 1.0, maximum - minimum)
    return (data - minimum) / span


def standardize(dataset):
    const = (dataset == dataset[0]).all(axis=0)
    centred = dataset - dataset.mean(axis=0)
    std = dataset.std(axis=0)
    std = np.where(const, 1.0, std)
    out = centred / std
    out[:, const] = 0.0
    return np.clip(out, -3, 3)
