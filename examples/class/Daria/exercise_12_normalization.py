import numpy as np


def normalize_dataset(dataset):
    rows = [[float(value) for value in row] for row in dataset]
    n, d = len(rows), len(rows[0])
    result = [[0.0] * d for _ in range(n)]
    for j in range(d):
        low = min(row[j] for row in rows)
        high = max(row[j] for row in rows)
        for i in range(n):
            if high != low:
                result[i][j] = (rows[i][j] - low) / (high - low)
    return np.array(result)


def fit_min_max(train):
    low, high = list(train[0]), list(train[0])
    for row in train:
        for j, value in enumerate(row):
            if value < low[j]:
                low[j] = value
            elif value > high[j]:
                high[j] = value
    return [np.array(low), np.array(high)]


def apply_min_max(data, minimum, maximum):
    result = []
    for row in data:
        scaled = []
        for value, low, high in zip(row, minimum, maximum):
            scaled.append((value - low) / (high - low if high != low else 1.0))
        result.append(scaled)
    return np.array(result)


def standardize(dataset):
    columns = []
    for column in zip(*dataset.tolist()):
        if len(set(column)) == 1:
            columns.append([0.0] * len(column))
            continue
        mean = sum(column) / len(column)
        deviation = (sum((v - mean) ** 2 for v in column) / len(column)) ** 0.5
        columns.append([(v - mean) / deviation for v in column])
    return np.array(columns).T
