"""The picture of linear collapse: what an answer computes, beside what it should be."""

from gradekit.pictures import Picture, fields, numbers

GRID = 40


def decide(answer, side):
    """Logits on a grid: of the XOR net, and of linear layers trained for XOR, collapsed."""
    import torch
    from torch import nn

    line = torch.linspace(-0.5, 1.5, side)
    grid = torch.cartesian_prod(line, line)
    bent = answer.solve_xor(0)
    torch.manual_seed(0)
    stack = nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 1))
    X = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = torch.tensor([0.0, 1, 1, 1])  # OR: as near as a line comes to XOR
    optimizer = torch.optim.SGD(stack.parameters(), lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(stack(X)[:, 0], y)
        loss.backward()
        optimizer.step()
    straight = answer.collapse_linear(stack)
    with torch.no_grad():
        return {
            "bent": bent(grid).reshape(side, side),
            "straight": straight(grid).reshape(side, side),
        }


class LinearCollapse(Picture):
    title = "The plane as the XOR net divides it, and its linear twin"
    panels = 2

    def collect(self, answer):
        result = fields("the result", answer.probe(decide, GRID), "bent", "straight")
        return [numbers("the logits", each, (GRID, GRID)) for each in result]

    def draw(self, axes, values):
        for panel, logits, name in zip(axes, values, ("XOR net", "linear twin"), strict=True):
            extent = (-0.5, 1.5, -0.5, 1.5)
            panel.imshow(
                logits.T > 0,
                origin="lower",
                extent=extent,
                cmap="coolwarm",
                alpha=0.6,
                vmin=0,
                vmax=1,
            )
            for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
                panel.plot(x, y, "o", color="darkred" if x != y else "navy", mec="white")
            panel.set(xlabel=name)
