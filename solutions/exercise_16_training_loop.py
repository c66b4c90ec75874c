"""Four steps, in this order: clear, forward, backward, update.

zero_grad first, because backward() adds to .grad rather than replacing it; that is what makes
gradient accumulation possible, and what makes a forgotten zero_grad so quiet: the loss still
falls, on gradients that are sums over history. Then the forward pass builds the graph,
backward() fills .grad, and step() reads .grad and moves the parameters. Clearing between
backward and step would train nothing at all; clearing at the end works only until somebody
else has left gradients there.

model.train() belongs to the step, not to the setup. The evaluation between two epochs leaves
the model in evaluation mode, and then dropout is off and BatchNorm neither uses nor updates
batch statistics: nothing crashes, the model is just trained as another one. It is not the
opposite of torch.no_grad(), which switches off the graph and has nothing to do with layers.

The logits are (N, 1) and the labels (N,). BCEWithLogitsLoss refuses that pair, but MSELoss
broadcasts it to (N, N) and compares every prediction with every label. squeeze(1) cures both;
squeeze() would turn the last batch of one sample into a scalar. The criterion gets logits,
not probabilities: log-sum-exp inside is what keeps it finite. And loss.item() takes the
number out; a list of loss tensors keeps every epoch's graph alive until memory runs out.

The optimiser is made once, outside the loop, since Adam's moments are its memory. AdamW
rather than Adam, as its weight decay acts on the weights directly and is not divided by the
gradient's scale; with 3e-4 it is the default I would start from.
"""

import torch
from torch import Tensor, nn


def train_step(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    criterion: nn.Module,
) -> float:
    """One update; the loss that it was made from."""
    # Here and not once before the loop: whoever evaluated last has left eval mode behind.
    model.train()
    # backward() adds to .grad, so what is there already must go.
    optimizer.zero_grad()
    # squeeze(1), not squeeze(): a batch of one must stay a batch.
    loss = criterion(model(X).squeeze(1), y)                # (N, 1) -> (N,), then ()
    loss.backward()
    optimizer.step()
    # item(), as a tensor would carry the graph of this batch along.
    return loss.item()


def train(model: nn.Module, X: Tensor, y: Tensor, epochs: int, lr: float = 3e-4) -> list[float]:
    """Full-batch AdamW; one loss an epoch."""
    # Made once: a new optimiser every epoch would forget its moments.
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    return [train_step(model, X, y, optimizer, criterion) for _ in range(epochs)]
