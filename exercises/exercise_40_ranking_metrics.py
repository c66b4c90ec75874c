"""Exercise 40: four numbers that say how well something is ranked (numpy).

Every paper has them in its tables, and everybody calls a library for them. So an interviewer takes
the library away: "What does an AUC of 0.8 mean? Compute it, and mind the ties." Classifiers are
compared by roc_auc and average precision, search by nDCG, and models that write code by pass@k.
Each has a trap: ties that depend on the order of the rows, a sum that is quadratic, factorials
that overflow, an ideal ranking made of what was retrieved instead of what there was.

The follow-up: one class in a thousand is positive. Which of roc_auc and average precision do you
believe, and why do they disagree?

All arrays may be given as lists, tuples or arrays; they hold floats or integers of any type, and
y_true may hold booleans as well. Compute in float64: the numbers of a small integer type do not
fit into it once they are added up, negated or exponentiated. All scores are finite. The arguments
stay as they were, and every result is a float (a np.float64 will do).
"""

from numpy.typing import ArrayLike


def roc_auc(y_true: ArrayLike, scores: ArrayLike) -> float:
    """Return the area under the ROC curve.

    It is the probability that a positive sample, drawn at random, has a higher score than a
    negative one, drawn at random; a pair of equal scores counts half.

    Args:
        y_true: (N,), 0 or 1 for each sample, in integers, floats or booleans.
        scores: (N,), larger for what is more likely to be positive. They need not lie between 0
            and 1, and only numbers that are exactly equal are ties.
    Returns:
        A float from 0 to 1. For 100,000 samples it takes at most 2 seconds of processor time, so
        it is computed in O(N log N).
    Raises:
        ValueError: unless both classes occur.
    Example:
        >>> round(float(roc_auc([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8])), 4)
        0.75
        >>> round(float(roc_auc([True, False], [3, 3])), 4)
        0.5

    Source: Fawcett, An introduction to ROC analysis, 2006, section 7.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_40: `roc_auc` is still a stub")


def average_precision(y_true: ArrayLike, scores: ArrayLike) -> float:
    """Return the average precision: the area under the steps of the precision-recall curve.

    Go through the distinct scores from the highest to the lowest, and take each as a threshold:
    everything with a score of at least that is retrieved, so samples of equal score enter
    together. Sum up the gain in recall at each threshold times the precision there.

    Args:
        y_true: (N,), 0 or 1, as in `roc_auc`.
        scores: (N,).
    Returns:
        A float from 0 to 1.
    Raises:
        ValueError: if there is no positive. (All may be positive.)
    Example:
        >>> round(float(average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])), 4)
        0.8333
        >>> round(float(average_precision([0, 1], [0.5, 0.5])), 4)
        0.5
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_40: `average_precision` is still a stub")


def pass_at_k(n: int, c: int, k: int) -> float:
    """Estimate without bias how often at least one of k samples is correct.

    Of n samples, c were correct. Among all ways to draw k of the n without putting any back, some
    have no correct one; the estimate is one minus their share.

    Args:
        n, c, k: ints. How many samples there are, how many of them are correct, and how many are
            drawn. n is at most 10,000.
    Returns:
        A float, right to 1e-9 relative: differences of the logarithms of factorials (`lgamma`)
        are not, for large n. 0.0 for c = 0.
    Raises:
        ValueError: unless 0 <= c <= n and 1 <= k <= n.
    Example:
        >>> round(float(pass_at_k(10, 3, 1)), 4), round(float(pass_at_k(10, 3, 5)), 4)
        (0.3, 0.9167)

    Source: Chen and others, Evaluating Large Language Models Trained on Code, 2021, section 2.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_40: `pass_at_k` is still a stub")


def ndcg(relevance: ArrayLike, scores: ArrayLike, k: int) -> float:
    """Return the normalised discounted cumulative gain of the top k of one ranking.

    A ranking's gain is the sum of `(2**relevance - 1) / log2(rank + 1)` over the ranks 1 to k.
    The result is the gain of the order by score over the gain of the ideal order, which sorts all
    samples by relevance.

    Args:
        relevance: (N,), not negative; it need not be whole.
        scores: (N,). The highest comes first, and of equal scores the one that stands earlier.
        k: At least 1. Above N it means all.
    Returns:
        A float from 0 to 1: 0.0 where no relevance is above 0.
    Example:
        >>> round(float(ndcg([3, 0, 2], [0.2, 0.9, 0.5], 2)), 4)
        0.2128
        >>> round(float(ndcg([1, 0], [0.5, 0.5], 1)), 4)
        1.0

    Source: Burges and others, Learning to Rank using Gradient Descent, 2005, section 6.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_40: `ndcg` is still a stub")
