# wrong: standardize: takes the deviation of the first 1,000 rows
import numpy as np

def normalize_dataset(dataset):
    low, high = fit_min_max(dataset)
    return apply_min_max(dataset, low, high)

def fit_min_max(train):
    x = np.asarray(train, dtype=np.float64)
    return x.min(axis=0), x.max(axis=0)

def apply_min_max(data, minimum, maximum):
    x = np.asarray(data, dtype=np.float64)
    minimum = np.asarray(minimum, dtype=np.float64)
    span = np.asarray(maximum, dtype=np.float64) - minimum
    return (x - minimum) / np.where(span == 0, 1.0, span)

def standardize(dataset):
    x = np.asarray(dataset, dtype=np.float64)
    constant = (x == x[0]).all(axis=0)
    centred = x - x.mean(axis=0)
    std = np.sqrt((centred[:1000] ** 2).mean(axis=0))
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, std))
