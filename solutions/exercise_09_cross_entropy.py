"""Cross-entropy is the surprise, in nats, that the model feels at the true answer: minus the log
of the probability that it gave to it, averaged over the samples. Minimising it is maximum
likelihood. With soft targets it is the expected surprise, the sum over classes of target times
minus log prediction; for fixed targets that is the KL divergence plus a constant. I sum over the
classes and take the mean over the samples only. A mean over all entries would divide the loss,
and the gradient with it, by the number of classes as well. In the binary case the one column
given is the probability of class 1, so the other class needs its own term, (1 - y) log(1 - p).

I compare shapes before anything else. (N,) against (N, 1) broadcasts to (N, N), and the loss
that comes out looks quite reasonable: one of the costliest silent bugs there are.

A probability of exactly 0 has an infinite log, so I clip at 1e-15, and with soft zeros in the
target that also saves me from 0 * inf. But clipping hides something: no sample can cost more than
34.5, and beyond that the gradient is zero, precisely where the model is most wrong.

So if I can, I start from logits. There minus log softmax is log-sum-exp minus the true class's
logit, and no probability is ever formed. The order matters. Shifting by the row's maximum first
prevents overflow, and it also keeps the digits: with an offset of 1e12, adding the maximum
back and subtracting the logit later leaves an error of 1e-4. The gradient with respect to the
logits is softmax minus one-hot, divided by N: it is bounded, and never vanishes while the model
is wrong, which is why it beats squared error on probabilities. A model that knows nothing
starts at log C, and that is the first thing I check in a training log.
"""

import numpy as np
from numpy.typing import ArrayLike


def cross_entropy_loss(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean negative log-likelihood of predicted probabilities, in nats."""
    y_true = np.asarray(y_true)
    y_pred = np.asarray(y_pred, dtype=np.float64)
    # Without this, (N,) against (N, 1) would broadcast to (N, N) and give some number.
    if y_true.shape != y_pred.shape:
        raise ValueError(f"targets {y_true.shape} and predictions {y_pred.shape} differ in shape")
    if y_true.ndim == 1:
        # Two classes in one column: written out, binary is the general case with C = 2.
        y_true = np.stack([1.0 - y_true, y_true], axis=1)  # (N, 2)
        y_pred = np.stack([1.0 - y_pred, y_pred], axis=1)  # (N, 2)
    # Only from below: log 1 is harmless, and both columns of the binary case are covered.
    log_likelihood = y_true * np.log(y_pred.clip(min=1e-15))  # (N, C)
    return float(-log_likelihood.sum(axis=1).mean())


def cross_entropy_from_logits(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean negative log-likelihood of the softmax of `logits`, in nats."""
    rows, largest = np.arange(len(labels)), logits.argmax(axis=1)
    # First the shift, then everything else: the offset of a row takes no digits with it.
    shifted = logits - logits[rows, largest][:, None]  # (N, C), at most 0
    weights = np.exp(shifted)  # (N, C)
    # The largest weight is exactly 1 and goes into log1p: log(1 + 1e-20) would be 0, and a
    # certain and right model would lose all digits of its tiny loss.
    weights[rows, largest] = 0.0
    losses = np.log1p(weights.sum(axis=1)) - shifted[rows, labels]  # (N,)
    return float(losses.mean())
