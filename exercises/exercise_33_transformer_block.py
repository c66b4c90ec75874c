"""Exercise 33: a transformer block, and what it weighs (torch).

"Write the block of a GPT." It is forty lines, everybody has seen it, and most versions written
from memory run, train, and are wrong: heads cut along the wrong axis, scores divided by the root
of the wrong width, a residual that starts behind the norm, a mask that hides a token from itself.
None of it raises an error, so the interviewer loads weights of a real model into your block and
compares numbers: names, order and shapes have to be the agreed ones.

Then comes arithmetic: how many parameters has that model, to the last bias? The follow-up: where
do the norms stand in the first transformer, why did they move, and what does SwiGLU buy?

All tensors of a call are of one type, float32 or float64, and so is the result: a block is float32
when it is made, and answers in float64 after `block.double()`. No function changes its arguments.
"""

import torch
from torch import nn


def gelu(x: torch.Tensor, approximate: bool = False) -> torch.Tensor:
    """Multiply x by the probability that a standard normal number is below x.

    Args:
        x: Of any shape, also `()` or without entries, and any finite size; float32 or float64.
        approximate: Whether to take `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))`
            instead of the exact `x * Phi(x)`, where Phi is the distribution function of the
            standard normal distribution.
    Returns:
        A tensor shaped like x in its dtype, finite, through which gradients reach x.
    Example:
        >>> x = torch.tensor([-2.0, 0.0, 2.0], dtype=torch.float64)
        >>> [round(value, 5) for value in gelu(x).tolist()]
        [-0.0455, 0.0, 1.9545]
        >>> [round(value, 5) for value in gelu(x, approximate=True).tolist()]
        [-0.0454, 0.0, 1.9546]

    Source: Hendrycks and Gimpel, Gaussian error linear units, 2016.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_33: `gelu` is still a stub")


def swiglu(
    x: torch.Tensor, W_gate: torch.Tensor, W_up: torch.Tensor, W_down: torch.Tensor
) -> torch.Tensor:
    """Return `(silu(x @ W_gate) * (x @ W_up)) @ W_down`, with `silu(z) = z * sigmoid(z)`.

    Args:
        x: `(..., d)`, with any number of leading axes, also none.
        W_gate: `(d, f)`. Its products with x may have any finite size.
        W_up: `(d, f)`.
        W_down: `(f, d_out)`.
    Returns:
        `(..., d_out)` in their dtype, float32 or float64.
    Example:
        >>> x = torch.tensor([1.0, -1.0])
        >>> W_gate = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])
        >>> out = swiglu(x, W_gate, torch.ones(2, 3) * x[:, None], torch.eye(3))
        >>> [round(value, 4) for value in out.tolist()]
        [1.4621, -0.5379, 3.5232]

    Source: Shazeer, GLU variants improve transformer, 2020.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_33: `swiglu` is still a stub")


class TransformerBlock(nn.Module):
    """A block of a decoder: causal self-attention, then a feed-forward network, both pre-norm.

    Called on x `(B, L, d_model)`, for any B and L from 1, it computes
    `x = x + proj(attention(ln1(x)))`, then `x + fc2(gelu(fc1(ln2(x))))` with the exact gelu, of
    the same shape. Gradients reach x and every parameter. There is no dropout.

    In the attention a position sees itself and the positions before it. Queries, keys and values
    stand in this order in the last axis of `qkv`'s output, `d_model` numbers each; in each of the
    three the heads are adjacent blocks of `d_model / num_heads` numbers, and so they are in what
    goes into `proj`. Scores are divided by the root of a head's width. They may have any finite
    size.

    Args:
        d_model: The width of the block.
        num_heads: The number of heads.
        d_ff: The inner width of the feed-forward network.
    Attributes:
        ln1, ln2: `nn.LayerNorm` over the last axis, with torch's default eps.
        qkv: `nn.Linear` from `d_model` to `3 * d_model`.
        proj: `nn.Linear` from `d_model` to `d_model`.
        fc1: `nn.Linear` from `d_model` to `d_ff`.
        fc2: `nn.Linear` from `d_ff` to `d_model`.
        All linear layers have a bias, and the block has no parameters besides those of the six.
    Raises:
        ValueError: `num_heads` is not a positive divisor of `d_model`.
    Example:
        >>> block = TransformerBlock(d_model=4, num_heads=2, d_ff=16)
        >>> sum(p.numel() for p in block.parameters())
        244
        >>> x = torch.randn(1, 3, 4)
        >>> y = block(x)
        >>> tuple(y.shape)
        (1, 3, 4)
        >>> x[0, 2] = 0.0
        >>> bool(torch.allclose(block(x)[0, :2], y[0, :2], atol=1e-6))
        True

    Source: Radford et al., Language models are unsupervised multitask learners, 2019, section 2.3.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int) -> None:
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_33: `TransformerBlock` is still a stub")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the block makes of x `(B, L, d_model)`, of the same shape."""
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_33: `TransformerBlock.forward` is still a stub")


def transformer_parameters(
    layers: int, d_model: int, d_ff: int, vocab_size: int, context: int, tied: bool = True
) -> int:
    """Return how many parameters a language model made of such blocks has.

    It has an embedding of `vocab_size` tokens and a learned one of `context` positions, each of
    width `d_model`; `layers` blocks like `TransformerBlock`, all biases and norms counted; a final
    LayerNorm with gain and bias; and an output layer from `d_model` to `vocab_size` without a
    bias. If `tied`, that layer shares the token embedding's matrix, which counts once.

    Args:
        layers: From 0 up.
        d_model, d_ff, vocab_size, context: From 1 up.
        tied: Whether the output layer has no matrix of its own.
    Returns:
        An exact int.
    Example:
        >>> int(transformer_parameters(12, 768, 3072, 50257, 1024))
        124439808
        >>> [int(transformer_parameters(0, 2, 8, 5, 3, tied)) for tied in (True, False)]
        [20, 30]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_33: `transformer_parameters` is still a stub")
