# right: scipy's zscore, with its NaN for constant columns replaced
import warnings

import numpy as np
from scipy import stats


def normalize_dataset(dataset):
    dataset = np.array(dataset, dtype=float)
    with np.errstate(all="ignore"):
        scaled = (dataset - dataset.min(0)) / np.ptp(dataset, axis=0)
    return np.nan_to_num(scaled)


def fit_min_max(train):
    return np.quantile(train, 0.0, axis=0), np.quantile(train, 1.0, axis=0)


def apply_min_max(data, minimum, maximum):
    out = np.subtract(data, minimum)
    np.divide(out, maximum - minimum, out=out, where=(maximum > minimum))
    return out


def standardize(dataset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.nan_to_num(stats.zscore(dataset, axis=0, ddof=0))
