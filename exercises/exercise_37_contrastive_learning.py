"""Exercise 37: losses that compare: InfoNCE, CLIP and hard triplets (torch).

Search, image-text models and face recognition learn without classes. They are told only what
belongs together, and everything else in the batch serves as the counterexample. Interviewers ask
for the losses because each is five lines and hides two traps: a softmax that overflows at a
temperature of 0.01, similarities of rows that were never normalised, the loss of one direction
only, a square root whose slope at zero is infinite, so that one duplicate in the batch makes
every weight NaN.

The follow-up: why do such models want batches of thousands, and what does a low temperature do?

All tensors are on the CPU and of one float type, float32 or float64; each result is a scalar
tensor, of shape (), in that type. The arguments stay as they were.
"""

import torch


def info_nce(
    queries: torch.Tensor, keys: torch.Tensor, temperature: float = 0.1
) -> torch.Tensor:
    """Return how badly each query finds its own key among all keys.

    Take the cosine similarity of each query with each key over the temperature. The loss of a
    query is the cross-entropy of its own key among all keys; the result is the mean over the
    queries. This direction only: the keys are not asked for their queries.

    Args:
        queries, keys: (N, D) each; row i belongs to row i. N may be 1. A row of zeros has the
            similarity 0 to everything; the norm of any other row is at least 1e-4.
        temperature: A positive float. The loss is finite and right for small ones too, with which
            similarities over the temperature are in the hundreds.
    Returns:
        A scalar. Gradients reach queries and keys, and are finite, also with rows of zeros (what
        a row of zeros gets is otherwise free).
    Example:
        >>> rows = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
        >>> round(float(info_nce(rows, rows, temperature=0.5)), 4)
        0.1269
        >>> round(float(info_nce(rows, rows.flip(0), temperature=0.5)), 4)
        2.1269

    Source: van den Oord and others, Representation Learning with Contrastive Predictive Coding,
    2018, section 2.3.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_37: `info_nce` is still a stub")


def clip_loss(
    images: torch.Tensor, texts: torch.Tensor, logit_scale: torch.Tensor
) -> torch.Tensor:
    """Return how badly images find their texts and texts their images.

    Take the cosine similarity of each image with each text, times `exp(logit_scale)`. The result
    is the mean of two losses: the cross-entropy of each image's own text among all texts, averaged
    over the images, and that of each text's own image among all images, averaged over the texts.

    Args:
        images, texts: (N, D) each, as `queries` and `keys` in `info_nce`; rows of zeros too.
        logit_scale: A tensor of shape (), which is learned. It is not clamped.
    Returns:
        A scalar, finite and right where similarities times the scale are in the hundreds.
        Gradients reach images, texts and `logit_scale`, and are finite, also with rows of zeros
        (what a row of zeros gets is otherwise free).
    Example:
        >>> images = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
        >>> texts = torch.tensor([[1.0, 1.0], [0.0, 1.0]])
        >>> round(float(clip_loss(images, texts, torch.tensor(0.0))), 4)
        0.4912

    Source: Radford and others, Learning Transferable Visual Models From Natural Language
    Supervision, 2021, section 2.3.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_37: `clip_loss` is still a stub")


def hard_triplet_loss(
    embeddings: torch.Tensor, labels: torch.Tensor, margin: float = 0.2
) -> torch.Tensor:
    """Return the triplet loss with the hardest positive and negative of each anchor.

    A sample is an anchor if it has a positive, which is another sample of its label, and a
    negative, a sample of another label. Its loss is `max(0, d_pos - d_neg + margin)`, with the
    distance to its farthest positive and the distance to its nearest negative. The result is the
    mean over all anchors, those with a loss of 0 too.

    Args:
        embeddings: (N, D), any finite numbers; they are compared as they are, by their Euclidean
            distance.
        labels: (N,), int64, any integers.
        margin: By how much negatives should be farther away than positives.
    Returns:
        A scalar: 0 where there is no anchor (then a constant will do, and so will a tensor with
        zero gradients). Gradients reach the embeddings, and are finite also where two of these
        coincide; there, at the hinge and between equally hard samples they are otherwise free.
        Where embeddings nearly coincide there are at most 25 rows, or they are float64.
    Example:
        >>> embeddings = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 4.5], [0.0, 40.0]])
        >>> labels = torch.tensor([7, 7, 1, 2])
        >>> round(float(hard_triplet_loss(embeddings, labels)), 4)
        1.4293

    Source: Hermans, Beyer and Leibe, In Defense of the Triplet Loss for Person
    Re-Identification, 2017, equation 5.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_37: `hard_triplet_loss` is still a stub")
