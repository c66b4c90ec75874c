# right: normalize_dataset is fit and apply; one helper divides safely
import numpy as np


def _safe(divisor):
    return np.where(divisor == 0, 1.0, divisor)


def normalize_dataset(dataset):
    return apply_min_max(dataset, *fit_min_max(dataset))


def fit_min_max(train):
    train = np.asarray(train, float)
    return np.amin(train, 0), np.amax(train, 0)


def apply_min_max(data, minimum, maximum):
    return (np.asarray(data, float) - minimum) / _safe(np.subtract(maximum, minimum))


def standardize(dataset):
    # Shifting by the first row makes a constant column exactly zero before any rounding.
    shifted = dataset - dataset[0]
    centered = shifted - shifted.mean(axis=0)
    return centered / _safe(np.sqrt(np.mean(centered**2, axis=0)))
