# wrong: TransformerBlock: cuts the last rows out of the mask of a longer text that came before
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
        if len(getattr(self, "future", [])) < L:
            self.future = torch.ones(L, L, dtype=torch.bool).triu(1)
        future = self.future[-L:, :L]
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
