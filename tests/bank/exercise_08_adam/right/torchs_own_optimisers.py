# right: torch.optim.Adam and AdamW in float64, their state set by hand
import numpy as np
import torch


def _torch_step(kind, param, grad, m, v, t, **settings):
    p = torch.nn.Parameter(torch.tensor(param))
    p.grad = torch.tensor(grad)
    optimizer = kind([p], **settings)
    optimizer.state[p] = {
        "step": torch.tensor(float(t - 1)),
        "exp_avg": torch.tensor(m),
        "exp_avg_sq": torch.tensor(v),
    }
    optimizer.step()
    state = optimizer.state[p]
    return p.detach().numpy(), state["exp_avg"].numpy(), state["exp_avg_sq"].numpy()


def adam_step(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    return _torch_step(
        torch.optim.Adam, param, grad, m, v, t, lr=lr, betas=(beta1, beta2), eps=eps
    )


def adamw_step(
    param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    settings = {"lr": lr, "betas": (beta1, beta2), "eps": eps, "weight_decay": weight_decay}
    return _torch_step(torch.optim.AdamW, param, grad, m, v, t, **settings)


def adam_minimize(grad_fn, x0, steps, lr=1e-2):
    p = torch.nn.Parameter(torch.tensor(x0))
    optimizer = torch.optim.Adam([p], lr=lr)
    path = [p.detach().numpy().copy()]
    for _ in range(steps):
        p.grad = torch.tensor(grad_fn(path[-1]))
        optimizer.step()
        path.append(p.detach().numpy().copy())
    return np.array(path)
