import math


def cross_entropy_loss(y_true, y_pred):
    y_true, y_pred = _nested(y_true), _nested(y_pred)
    if _shape(y_true) != _shape(y_pred):
        raise ValueError("shapes differ")
    losses = []
    for target, prediction in zip(y_true, y_pred):
        if not isinstance(target, list):
            target, prediction = [1 - target, target], [1 - prediction, prediction]
        losses.append(-sum(t * math.log(max(p, 1e-15)) for t, p in zip(target, prediction)))
    return math.fsum(losses) / len(losses)


def cross_entropy_from_logits(logits, labels):
    losses = []
    for row, label in zip(logits.tolist(), labels.tolist()):
        largest = max(row)
        log_sum = math.log(math.fsum(math.exp(logit - largest) for logit in row))
        losses.append(log_sum + (largest - row[label]))
    return math.fsum(losses) / len(losses)


def _nested(values):
    if hasattr(values, "tolist"):
        return values.tolist()
    return [_nested(value) if hasattr(value, "__len__") else value for value in values]


def _shape(values):
    return (len(values), *(_shape(values[0]) if isinstance(values[0], list) else ()))
