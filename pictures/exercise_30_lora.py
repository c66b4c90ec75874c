"""What an update of rank 1, 2 and 4 can do to a weight, and what it costs."""

import numpy as np

from gradekit.pictures import Picture, fields, numbers

SIZE = 24
RANKS = (1, 2, 4)


def fit(answer, size, ranks):
    """Updates of these ranks, trained towards one wanted change, and their trainable numbers."""
    import torch
    from torch import nn

    line = torch.linspace(-1, 1, size)
    y, x = torch.meshgrid(line, line, indexing="ij")
    # A ring, a slope and a stripe: the first singular values are far from equal.
    wanted = torch.exp(-8 * ((x**2 + y**2).sqrt() - 0.6) ** 2) + 0.3 * x + 0.3 * torch.sin(5 * y)
    updates, counts = [], []
    for rank in ranks:
        torch.manual_seed(0)
        base = nn.Linear(size, size, bias=False)
        model = nn.ModuleDict({"q": base})
        counts.append(answer.apply_lora(model, ["q"], rank, float(rank)))
        layer = model["q"]
        optimizer = torch.optim.Adam([layer.A, layer.B], lr=0.05)
        for _ in range(150):
            optimizer.zero_grad()
            update = layer(torch.eye(size)).T - base.weight
            ((update - wanted) ** 2).mean().backward()
            optimizer.step()
        updates.append((layer.merge().weight - base.weight).detach())
    return {"wanted": wanted, "updates": torch.stack(updates), "counts": counts}


class LoRA(Picture):
    title = "A wanted change of a weight, and updates of low rank trained towards it"
    panels = 2

    def collect(self, answer):
        names = "wanted", "updates", "counts"
        wanted, updates, counts = fields("the result", answer.probe(fit, SIZE, RANKS), *names)
        return (
            numbers("the wanted change", wanted, (SIZE, SIZE)),
            numbers("the updates", updates, (len(RANKS), SIZE, SIZE)),
            numbers("apply_lora(...)", counts, (len(RANKS),)),
        )

    def draw(self, axes, values):
        wanted, updates, counts = values
        row = np.concatenate([np.pad(each, 1, constant_values=np.nan)
                              for each in (wanted, *updates)], axis=1)  # fmt: skip
        axes[0].imshow(row, cmap="viridis", vmin=wanted.min(), vmax=wanted.max())
        centres = (SIZE + 2) * (np.arange(len(RANKS) + 1) + 0.5)
        axes[0].set_xticks(centres, ["wanted", *(f"rank {rank}" for rank in RANKS)])
        axes[0].set_yticks([])
        for rank, update, count in zip(RANKS, updates, counts, strict=True):
            spectrum = np.linalg.svd(np.nan_to_num(update), compute_uv=False)[:8]
            label = f"rank {rank}: {count:.0f} of {SIZE * SIZE} numbers"
            axes[1].plot(np.arange(1, 9), spectrum, marker="o", label=label)
        spectrum = np.linalg.svd(wanted, compute_uv=False)[:8]
        axes[1].plot(np.arange(1, 9), spectrum, "k:", label="wanted")
        axes[1].set(xlabel="number of the singular value", ylabel="its size")
        axes[1].legend()
