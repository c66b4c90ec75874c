import torch


def linear_alpha_bar(steps, first=1e-4, last=0.02):
    alphas = 1 - torch.linspace(first, last, steps, dtype=torch.float64)
    return torch.stack([alphas[: i + 1].prod() for i in range(steps)])


def add_noise(x0, t, noise, alpha_bar):
    n = x0.shape[0]
    a = torch.diag(alpha_bar[t].sqrt()).double()
    b = torch.diag((1 - alpha_bar[t]).sqrt()).double()
    mixed = a @ x0.reshape(n, -1).double() + b @ noise.reshape(n, -1).double()
    return mixed.reshape(x0.shape).type_as(x0)


def predict_x0(x_t, t, noise, alpha_bar):
    n = x_t.shape[0]
    rest = x_t.double() - add_noise(torch.zeros_like(noise), t, noise, alpha_bar).double()
    return (rest.reshape(n, -1) / alpha_bar[t].double().sqrt()[:, None]).reshape_as(x_t).type_as(x_t)


def ddim_step(x_t, t, t_previous, noise, alpha_bar):
    data = predict_x0(x_t.double(), t, noise.double(), alpha_bar.double())
    goal = add_noise(data, t_previous.clamp_min(0), noise.double(), alpha_bar.double())
    keep = (t_previous >= 0).reshape(-1, *[1] * (x_t.ndim - 1))
    return torch.where(keep, goal, data).type_as(x_t)


def guided_noise(conditional, unconditional, scale):
    return torch.stack([conditional * scale, unconditional * (1.0 - scale)]).sum(0)
