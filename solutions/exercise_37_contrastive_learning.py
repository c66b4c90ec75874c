"""Contrastive learning is classification in which the other samples of the batch are the classes.
For each query I score all keys by cosine similarity, divide by a temperature, and ask for the
softmax of the right one: the label of row i is i. So it is cross_entropy with arange as targets,
and everything known of cross-entropy holds: logits, never probabilities. The temperature is needed
because cosines lie between -1 and 1, where a softmax can hardly be sure of anything.

CLIP asks in both directions, for the text of an image and for the image of a text: rows and columns
of one matrix of logits. It learns the temperature as the logarithm of its inverse, which keeps it
positive, and steps of the optimiser are then relative.

Triplets compare distances. Averaged over all triplets nearly all losses are 0 soon, so for each
anchor I take the hardest pair in the batch: the farthest positive and the nearest negative. Samples
without a positive or without a negative are no anchors and must not count in the mean.

Both hide a division by zero in the gradient. The norm of a row of zeros has no slope, and neither
has the distance of two equal embeddings; the square root's derivative there is infinite, and inf
times the 0 of a mask is NaN. The diagonal of the distances alone is enough for that. F.normalize
bounds the norm from below, and cdist gives its zero distances the gradient 0.

Follow-ups: more negatives make the task harder and the bound on mutual information looser, hence
large batches, gathered over devices, or a queue of old keys. A low temperature looks at the hardest
negatives only, which are often mislabelled positives. With all embeddings equal the triplet loss
is the margin and its gradient vanishes, so one warms up with milder negatives.
"""

import torch
from torch.nn import functional as F


def info_nce(
    queries: torch.Tensor, keys: torch.Tensor, temperature: float = 0.1
) -> torch.Tensor:
    """Cross-entropy of each query's own key among all keys."""
    # normalize divides rows by max(norm, 1e-12): a row of zeros stays one.
    similarity = F.normalize(queries) @ F.normalize(keys).T  # (N queries, N keys)
    own = torch.arange(len(queries))  # the key of query i is key i
    return F.cross_entropy(similarity / temperature, own)


def clip_loss(
    images: torch.Tensor, texts: torch.Tensor, logit_scale: torch.Tensor
) -> torch.Tensor:
    """The mean of the cross-entropies in both directions."""
    similarity = F.normalize(images) @ F.normalize(texts).T  # (N images, N texts)
    logits = similarity * logit_scale.exp()
    own = torch.arange(len(images))
    # Rows ask for the text of an image, columns for the image of a text.
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def hard_triplet_loss(
    embeddings: torch.Tensor, labels: torch.Tensor, margin: float = 0.2
) -> torch.Tensor:
    """Hinge of the farthest positive against the nearest negative, mean over the anchors."""
    # Not the root of sums of squares: its slope is infinite at 0, so on the whole diagonal.
    distances = torch.cdist(embeddings, embeddings)  # (N, N)
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool)
    positive, negative = same & ~itself, ~same
    _, group, counts = labels.unique(return_inverse=True, return_counts=True)
    anchor = counts[group] > 1  # (N,): who has a positive; without any negative all losses are 0
    if not anchor.any():
        return embeddings.sum() * 0.0  # the mean of nothing would be nan
    farthest = distances.masked_fill(~positive, -torch.inf)[anchor].amax(dim=1)  # (anchors,)
    nearest = distances.masked_fill(~negative, torch.inf)[anchor].amin(dim=1)  # (anchors,)
    return F.relu(farthest - nearest + margin).mean()
