"""Exercise 34: the loss of a language model (torch).

"Here are logits and tokens. Write the loss." It looks like one line, and the line that most
people write is shifted by one, or averages over padding, or averages averages. None of this
raises an error: the loss falls, the curve looks healthy, and the model has learnt to copy its
input, or is trained mostly on its shortest documents. The perplexity in the report is wrong
by the same mistake, so nobody notices.

Then comes the follow-up, which has bitten published training code: "The batch does not fit
into memory, so you accumulate gradients over several small ones of different lengths. Is your
update still the one of the large batch?"

No function changes the tensors and lists that it is given.
"""

import torch
from torch import Tensor, nn


def next_token_loss(logits: Tensor, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
    """Score predictions of the next token: the mean cross-entropy over all counted tokens.

    The logits at position `t` predict token `t + 1`, so the first token of a row is predicted by
    nothing, and the logits at the last position predict nothing. A token after the first counts
    where `mask` is True at the position of that token, and everywhere without a mask. The mean
    is taken over all counted tokens of the batch together.

    For a token that is not counted, neither its id, which may lie outside the vocabulary (-100
    for example), nor the logits that predict it, finite ones of any size, have any influence on
    the value or on its gradient. Nor have `mask[:, 0]` and the logits at the last position.

    Args:
        logits: `(B, L, V)` of any finite size, float32 or float64; L may be 1.
        tokens: `(B, L)`, int64.
        mask: `(B, L)`, bool, or None.
    Returns:
        A scalar tensor in the dtype of the logits, through which gradients reach them. Where no
        token is counted (L = 1 too) it is 0, and its `backward()` works and gives no or zero
        gradients.
    Example:
        >>> tokens = torch.tensor([[0, 1, 2]])
        >>> round(float(next_token_loss(torch.zeros(1, 3, 4), tokens)), 4)
        1.3863
        >>> logits = torch.tensor([[[0.0, 9.0, 0.0], [0.0, 0.0, 9.0], [0.0, 0.0, 0.0]]])
        >>> round(float(next_token_loss(logits, tokens)), 4)
        0.0002
        >>> padded = torch.tensor([[0, 1, -100]])
        >>> round(float(next_token_loss(torch.zeros(1, 3, 4), padded, padded >= 0)), 4)
        1.3863

    Source: Radford et al., Improving language understanding by generative pre-training, 2018,
        section 3.1.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_34: `next_token_loss` is still a stub")


def label_smoothed_loss(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Score logits against softened targets: the mean cross-entropy over the N rows.

    The target distribution of a row is `1 - smoothing` on its target, plus `smoothing / V` on
    every class, the target among them.

    Args:
        logits: `(N, V)` of any finite size, float32 or float64.
        targets: `(N,)`, int64.
        smoothing: In [0, 1], both ends included.
    Returns:
        A scalar tensor in the dtype of the logits.
    Example:
        >>> logits = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
        >>> [round(float(label_smoothed_loss(logits, torch.tensor([0]), s)), 4) for s in (0.0, 0.4)]
        [0.3408, 0.9408]

    Source: Szegedy et al., Rethinking the Inception architecture, 2016, section 7.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_34: `label_smoothed_loss` is still a stub")


def perplexity(losses: list[float], counts: list[int]) -> float:
    """Return the exponential of the mean loss a token.

    Args:
        losses: The mean loss of each batch, floats.
        counts: How many tokens each of them is the mean of: positive integers, as many as there
            are losses.
    Returns:
        A float. The mean loss a token stays below 50; the loss of a single batch need not.
    Example:
        >>> round(float(perplexity([0.0, 3.0], [2, 1])), 4)
        2.7183
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_34: `perplexity` is still a stub")


def accumulated_step(
    model: nn.Module,
    batches: list[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
) -> float:
    """Make one optimiser step from several batches, as if they had been one.

    The gradient of the step is that of the mean of `next_token_loss`'s cross-entropy over all
    counted tokens of all batches together. As little is kept as possible: each batch's backward
    pass comes before the next batch's forward pass.

    The model's mode, and that of each of its modules, stays as it is. Gradients left over from
    earlier work have no effect; what `.grad` holds afterwards is free.

    Args:
        model: `model(tokens)` gives logits `(B, L, V)`; float32 or float64. It uses every
            trainable parameter that it has.
        batches: Pairs of tokens `(B, L)`, int64, and a mask `(B, L)`, bool, always a tensor and
            with the meaning that it has in `next_token_loss`; B and L may differ from batch to
            batch. At least one token is counted in all; a batch with none may be skipped.
        optimizer: Holds all trainable parameters of the model.
    Returns:
        The mean loss that the step was made from, as a Python float.
    Example:
        >>> model = nn.Embedding(4, 4)
        >>> _ = nn.init.zeros_(model.weight)
        >>> sgd = torch.optim.SGD(model.parameters(), lr=1.0)
        >>> pair = torch.tensor([[0, 1, 2, 3]]), torch.tensor([[0, 2]])
        >>> batches = [(tokens, tokens >= 0) for tokens in pair]
        >>> round(float(accumulated_step(model, batches, sgd)), 4)
        1.3863
        >>> model.weight[0].tolist()
        [-0.125, 0.125, 0.125, -0.125]
        >>> model.weight[1].tolist()
        [-0.0625, -0.0625, 0.1875, -0.0625]

    Source: Goyal et al., Accurate, large minibatch SGD, 2017, section 3, on losses that are
        normalised by the size of each batch instead of by that of all.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_34: `accumulated_step` is still a stub")
