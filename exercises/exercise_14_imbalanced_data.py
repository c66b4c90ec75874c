"""Exercise 14: learning from imbalanced data (numpy).

One transaction in a thousand is fraud. The model that always says "fine" is right 99.9 % of the
time, and the bank loses every case. Interviewers open with that model because accuracy sounds
like the natural answer; they want to hear which number you report instead, and which two levers
you pull: weigh the rare class more in the loss, or show it more often.

Then they ask what breaks. A class that is missing from a batch, a probability of exactly 0, a
model that never predicts the rare class: each divides by zero or takes the logarithm of it. And
the follow-up that fails most candidates: do you oversample before or after you split off the test
set?
"""

import numpy as np


def balanced_class_weights(labels: np.ndarray) -> dict[int, float]:
    """Weigh every class inversely to how often it occurs.

    The weight of a class is n_samples / (n_classes * count), where `count` is how many samples
    carry its label and `n_classes` is the number of different labels that occur.

    Args:
        labels: (N,) integers. Labels need not start at 0, nor be consecutive, nor be positive.
    Returns:
        A weight for each label that occurs, and for no other. The keys are Python ints. `labels`
        stay as they were.
    Source: King and Zeng, Logistic Regression in Rare Events Data, 2001.
    Example:
        >>> weights = balanced_class_weights(np.array([0, 0, 0, 1]))
        >>> round(float(weights[0]), 4), round(float(weights[1]), 4)
        (0.6667, 2.0)
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_14: `balanced_class_weights` is still a stub")


def weighted_binary_cross_entropy(
    y_true: np.ndarray, y_prob: np.ndarray, class_weight: dict[int, float]
) -> float:
    """Binary cross-entropy in nats in which every sample counts as much as its class weighs.

    It is the sum of each sample's loss times the weight of its class, divided by the number of
    samples N (not by the sum of the weights).

    Args:
        y_true: (N,) integer labels, 0 or 1.
        y_prob: (N,) float64, the predicted probability of class 1. Exactly 0 and exactly 1 give
            a finite loss, too: probabilities are clipped at 1e-15, from below or on both sides
            (1e-4 relative is near enough there).
        class_weight: A weight for every label that occurs in `y_true`; others may be missing.
    Returns:
        The loss, a float. No argument is changed.
    Example:
        >>> loss = weighted_binary_cross_entropy(
        ...     np.array([1, 0]), np.array([0.5, 0.25]), {0: 1.0, 1: 3.0}
        ... )
        >>> round(float(loss), 4)
        1.1836
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_14: `weighted_binary_cross_entropy` is still a stub")


def oversample_minority(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Repeat random rows of the smaller classes until all classes are equally large.

    Every original row is kept. To each class that is smaller than the largest one, rows of that
    class are added, drawn with replacement, every row of the class as likely as any other. There
    may be more than two classes. The order of the rows in the result is free.

    Args:
        X: (N, D) float64, in any memory order; X and y stay as they were.
        y: (N,) integer labels.
        rng: The only source of randomness. How you draw from it is free; the same state gives
            the same result.
    Returns:
        The pair (X_new, y_new): (M, D) float64 and (M,) in the type of `y`, row by row together.
    Example:
        >>> X, y = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0, 0, 0, 1])
        >>> X_new, y_new = oversample_minority(X, y, np.random.default_rng(0))
        >>> sorted(X_new[:, 0].tolist()), sorted(y_new.tolist())
        ([1.0, 2.0, 3.0, 4.0, 4.0, 4.0], [0, 0, 0, 1, 1, 1])
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_14: `oversample_minority` is still a stub")


def precision_recall_f1(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, float, float]:
    """Say how good the predictions of class 1 are.

    Precision is the share of predicted ones that are ones, recall the share of ones that were
    predicted, f1 the harmonic mean of the two. A share of nothing is 0.0, here and in f1.

    Args:
        y_true: (N,) integer labels, 0 or 1.
        y_pred: (N,) integer predictions, 0 or 1.
    Returns:
        The triple (precision, recall, f1) of floats. No argument is changed.
    Source: van Rijsbergen, Information Retrieval, 1979, chapter 7.
    Example:
        >>> answer = precision_recall_f1(np.array([1, 1, 1, 1, 0]), np.array([1, 0, 0, 0, 1]))
        >>> [round(float(value), 4) for value in answer]
        [0.5, 0.25, 0.3333]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_14: `precision_recall_f1` is still a stub")
