# right: scikit-learn's MinMaxScaler and StandardScaler
import numpy as np
from sklearn.preprocessing import MinMaxScaler, StandardScaler


def normalize_dataset(dataset):
    return MinMaxScaler().fit_transform(np.array(dataset, dtype=np.float64))


def fit_min_max(train):
    scaler = MinMaxScaler().fit(train)
    return scaler.data_min_, scaler.data_max_


def apply_min_max(data, minimum, maximum):
    scaler = MinMaxScaler().fit(np.stack([minimum, maximum]))
    return scaler.transform(data)


def standardize(dataset):
    scaled = StandardScaler().fit_transform(dataset)
    scaled[:, np.ptp(dataset, axis=0) == 0] = 0.0
    return scaled
