import numpy as np


def normalize_dataset(dataset):
    columns = []
    for column in np.asarray(dataset, dtype=np.float64).T:
        low, high = column.min(), column.max()
        if low == high:
            columns.append(np.zeros_like(column))
        else:
            columns.append(np.interp(column, [low, high], [0.0, 1.0]))
    return np.stack(columns, axis=1)


def fit_min_max(train):
    ordered = np.sort(train, axis=0)
    return ordered[0], ordered[-1]


def apply_min_max(data, minimum, maximum):
    scales = [1.0 if high == low else 1.0 / (high - low) for low, high in zip(minimum, maximum)]
    return (data - minimum) @ np.diag(scales)


def standardize(dataset):
    n = len(dataset)
    average = np.full((n, n), 1.0 / n)
    centered = dataset - average @ dataset
    norms = np.linalg.norm(centered, axis=0) / np.sqrt(n)
    result = np.zeros(dataset.shape)
    for j in range(dataset.shape[1]):
        if dataset[:, j].min() < dataset[:, j].max():
            result[:, j] = centered[:, j] / norms[j]
    return result
