# right: Fractions for counts, random.Random seeded from rng for the draws
import random
from fractions import Fraction
from math import fsum, log


def balanced_class_weights(labels):
    labels = [int(v) for v in labels]
    kinds = sorted(set(labels))
    return {k: float(Fraction(len(labels), len(kinds) * labels.count(k))) for k in kinds}


def weighted_binary_cross_entropy(y_true, y_prob, class_weight):
    def loss(label, p):
        p = min(max(float(p), 1e-15), 1 - 1e-15)
        return -log(p) if label else -log(1 - p)

    terms = [class_weight[int(t)] * loss(t, p) for t, p in zip(y_true, y_prob)]
    return fsum(terms) / len(terms)


def oversample_minority(X, y, rng):
    dice = random.Random(int(rng.integers(2**63)))
    indices = list(range(len(y)))
    members = {}
    for i, label in enumerate(y.tolist()):
        members.setdefault(label, []).append(i)
    target = max(map(len, members.values()))
    for rows in members.values():
        indices.extend(dice.choices(rows, k=target - len(rows)))
    dice.shuffle(indices)
    return X.take(indices, axis=0), y.take(indices)


def precision_recall_f1(y_true, y_pred):
    tp = sum(1 for t, p in zip(y_true, y_pred) if t == p == 1)
    ones_true, ones_pred = list(y_true).count(1), list(y_pred).count(1)
    precision = Fraction(tp, ones_pred or 1)
    recall = Fraction(tp, ones_true or 1)
    f1 = 2 * precision * recall / (precision + recall) if tp else Fraction(0)
    return float(precision), float(recall), float(f1)
