"""The block has two halves of one pattern: normalise, compute, add to what came in. What comes in
is added untouched, so there is a straight path from the last layer to the first, along which
gradients neither vanish nor explode; that is why pre-norm models train without long warm-ups.
Attention lets positions exchange information, the feed-forward half works on each position alone
and holds two thirds of the parameters.

Attention in four steps: one linear layer gives queries, keys and values; I cut each into heads,
adjacent blocks of width d / h; scores are divided by the root of the head's width, not of the
model's, because that is the number of products in the sum; and a position sees itself and what
stands before it. I set future scores to minus infinity before the softmax: zeros afterwards would
leave rows that no longer sum to one. Every position sees at least itself, so no row is empty.

gelu is x times the probability that a standard normal number is below x: a ReLU whose switch is
soft. The formula with tanh is an older approximation, off by up to 0.0005, and GPT-2's weights
were trained with it, so it matters which one is used. SwiGLU replaces the activation by a product
of two linear layers, one of which passes through silu and acts as a gate; with three matrices
instead of two one takes the inner width as 2/3 of the usual to keep the count.

Counting aloud: 4 d^2 for attention and 8 d^2 for the feed-forward half with d_ff = 4 d make 12 d^2
a layer; biases and norms are of order d. With a tied output GPT-2 small has 124,439,808.

Follow-ups: post-norm normalises the sum, so the straight path is gone. In training I would call
scaled_dot_product_attention, which never forms the L by L weights in memory.
"""

import math

import torch
from torch import Tensor, nn


def gelu(x: Tensor, approximate: bool = False) -> Tensor:
    """x times the standard normal distribution function, or its approximation with tanh."""
    if approximate:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        return 0.5 * x * (1 + torch.tanh(inner))
    # Phi(x) = (1 + erf(x / sqrt(2))) / 2: erf belongs to a normal of variance 1/2.
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def swiglu(x: Tensor, W_gate: Tensor, W_up: Tensor, W_down: Tensor) -> Tensor:
    """A linear layer, gated by another one through silu, and back."""
    gate = x @ W_gate                                       # (..., f)
    # silu is x * sigmoid(x). torch's sigmoid overflows nowhere; exp(x) / (1 + exp(x)) would.
    return (gate * torch.sigmoid(gate) * (x @ W_up)) @ W_down   # (..., d_out)


class TransformerBlock(nn.Module):
    """Pre-norm causal self-attention, then a feed-forward network, both with a residual."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int) -> None:
        super().__init__()
        if num_heads < 1 or d_model % num_heads:
            raise ValueError(f"{num_heads} heads do not divide a width of {d_model}")
        self.num_heads = num_heads
        self.ln1, self.ln2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.proj = nn.Linear(d_model, d_model)
        self.fc1, self.fc2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, L, d_model) to the same shape."""
        x = x + self.proj(self.attention(self.ln1(x)))
        # The second half reads what the first has added.
        return x + self.fc2(gelu(self.fc1(self.ln2(x))))

    def attention(self, x: Tensor) -> Tensor:
        """Causal attention of all heads side by side, before the projection."""
        B, L, D = x.shape
        width = D // self.num_heads
        # The last axis holds q, k, v one after the other, each of them head by head.
        parts = self.qkv(x).reshape(B, L, 3, self.num_heads, width)
        q, k, v = parts.permute(2, 0, 3, 1, 4)              # (B, heads, L, width) each
        scores = q @ k.mT / math.sqrt(width)                # (B, heads, L, L)
        future = x.new_ones(L, L).triu(1).bool()            # a token sees itself: not the diagonal
        weights = scores.masked_fill(future, -math.inf).softmax(dim=-1)
        # Heads back behind the positions: without the transpose reshape would mix positions.
        return (weights @ v).transpose(1, 2).reshape(B, L, D)


def transformer_parameters(
    layers: int, d_model: int, d_ff: int, vocab_size: int, context: int, tied: bool = True
) -> int:
    """Embeddings, blocks, the final norm, and an output layer if it has a matrix of its own."""
    norm = 2 * d_model                                      # gain and bias
    attention = 4 * d_model * d_model + 4 * d_model         # q, k, v and proj
    feed_forward = 2 * d_model * d_ff + d_ff + d_model
    block = 2 * norm + attention + feed_forward
    table = vocab_size * d_model
    tables = table if tied else 2 * table
    return tables + context * d_model + layers * block + norm
