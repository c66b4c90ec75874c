"""What the two formulas of gelu and their slopes look like, and who sees whom in a block."""

import numpy as np
import torch

from gradekit.pictures import Picture, fields, numbers

LENGTH = 12
LINE = np.linspace(-4, 4, 161)


def influence(answer, length):
    """How far each output moves when a token changes: (changed token, output position)."""
    import torch

    torch.manual_seed(0)
    block = answer.TransformerBlock(16, 4, 32)
    x = torch.randn(1, length, 16, generator=torch.Generator().manual_seed(1))
    rows = []
    with torch.no_grad():
        y = block(x)
        for position in range(length):
            other = x.clone()
            other[:, position] = -other[:, position]
            rows.append((block(other) - y).norm(dim=-1)[0])
    return {"influence": torch.stack(rows)}


class TransformerBlockPicture(Picture):
    title = "gelu beside its approximation, and what a changed token changes"
    panels = 2

    def collect(self, answer):
        x = torch.tensor(LINE)
        curves = [
            numbers("gelu(...)", answer.gelu(x, approximate), LINE.shape)
            for approximate in (False, True)
        ]
        (moved,) = fields("the result", answer.probe(influence, LENGTH), "influence")
        return curves, numbers("the influence", moved, (LENGTH, LENGTH))

    def draw(self, axes, values):
        (exact, approximate), moved = values
        axes[0].plot(LINE, exact, label="exact")
        axes[0].plot(LINE, np.maximum(LINE, 0), ":", color="grey", label="ReLU")
        axes[0].plot(LINE, 1000 * (approximate - exact), label="1000 x (with tanh - exact)")
        axes[0].set(xlabel="x", ylabel="gelu(x)")
        axes[0].legend()
        # Logarithms: what a token does to its own output is many times what others feel of it.
        shown = np.log10(np.where(moved > 1e-6, moved, np.nan))
        image = axes[1].imshow(shown, cmap="viridis", vmin=-3, vmax=1, aspect="auto")
        axes[1].set(xlabel="position of the output", ylabel="changed token")
        axes[1].figure.colorbar(image, ax=axes[1], label="how far it moves, log 10")
