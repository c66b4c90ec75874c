# right: both rows of the training range in one array, which unpacks as a pair does
import numpy as np


def normalize_dataset(dataset):
    low, high = fit_min_max(dataset.astype(np.float64))
    return (dataset - low) / np.where(high == low, np.inf, high - low)


def fit_min_max(train):
    return np.array([train.min(axis=0), train.max(axis=0)])


def apply_min_max(data, minimum, maximum):
    span = maximum - minimum
    return (data - minimum) / np.select([span == 0], [1.0], span)


def standardize(dataset):
    constant = (dataset == dataset[0]).all(axis=0)
    centred = np.where(constant, 0.0, dataset - np.mean(dataset, axis=0))
    variances = np.diag(np.cov(dataset.T, bias=True).reshape(len(constant), -1))
    return centred / np.sqrt(np.where(constant, 1.0, variances))
