# right: torch's bernoulli_ with a torch generator seeded from rng, and autograd
import torch


def dropout_forward(x, p, training, rng):
    if p < 0.0 or p > 1.0 or p == 1.0:
        raise ValueError("dropout probability has to be in [0, 1)")
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    t = torch.tensor(x)
    mask = torch.ones_like(t)
    if training:
        mask.bernoulli_(1 - p, generator=generator).div_(1 - p)
    return (t * mask).numpy(), mask.numpy()


def dropout_backward(grad_out, mask):
    t = torch.zeros(grad_out.shape, dtype=torch.float64, requires_grad=True)
    (t * torch.tensor(mask)).backward(torch.tensor(grad_out))
    return t.grad.numpy()
