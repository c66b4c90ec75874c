"""Exercise 39: noising, denoising and guidance of diffusion models (torch).

Image generators are trained by mixing data with noise and asking a network which noise it was.
The mathematics fits on a whiteboard, so interviewers let you write it, and then look at what a
formula does not say: each sample of a batch has a timestep of its own, so a factor that lines up
with the wrong axis mixes the wrong samples without any error; the last step ends at clean data,
whose index -1 is the noisiest entry of the table; a float64 schedule turns a float32 model's
input into float64. The follow-ups: why does the prediction of x0 explode at high noise, how does
a step that skips fifty others work, and what does the guidance scale trade?

Throughout, `alpha_bar[t]` is the share of the data's variance that is left at timestep t: the
cumulative product of `1 - beta`. In float32 it lies between 1e-3 and 1 - 1e-4; where it does not,
answers may be off by `1 / sqrt(alpha_bar[t])` times as much. Noise is always an argument: nothing
is drawn here. Nothing is clipped, and the arguments stay as they were.
"""

import torch


def linear_alpha_bar(steps: int, first: float = 1e-4, last: float = 0.02) -> torch.Tensor:
    """Return the schedule of noise levels that belongs to a straight line of betas.

    Args:
        steps: T, from one up.
        first: The beta of the first step, in (0, 1).
        last: The beta of the last step, in (0, 1). If there is only one step, its beta is `first`.
    Returns:
        (T,), float64 and computed in float64: entry t is the product of `1 - beta` over the steps
        from 0 to t, both included, where the betas are evenly spaced from `first` to `last`.
    Example:
        >>> [round(value, 4) for value in linear_alpha_bar(3, 0.1, 0.5).tolist()]
        [0.9, 0.63, 0.315]
        >>> linear_alpha_bar(1, 0.25).tolist()
        [0.75]
        >>> round(float(linear_alpha_bar(1000)[-1]), 8)
        4.036e-05

    Source: Ho, Jain and Abbeel, Denoising diffusion probabilistic models, 2020, section 4.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_39: `linear_alpha_bar` is still a stub")


def add_noise(
    x0: torch.Tensor, t: torch.Tensor, noise: torch.Tensor, alpha_bar: torch.Tensor
) -> torch.Tensor:
    """Mix data with noise, each sample at its own level.

    Args:
        x0: Data (N, ...), float32 or float64: N samples, with any number of further axes, none
            included. A batch may hold one sample.
        t: Timesteps (N,), int64, from 0 to T - 1: one for each sample.
        noise: Shaped like x0, of its type.
        alpha_bar: (T,), float64 or of the type of x0; in (0, 1) and falling.
    Returns:
        Shaped like x0 and of its type, also if `alpha_bar` is float64: for each sample
        `sqrt(alpha_bar[t]) * x0 + sqrt(1 - alpha_bar[t]) * noise`.
    Example:
        >>> alpha_bar = torch.tensor([0.64, 0.36])
        >>> x0, noise = torch.ones(2, 1), torch.tensor([[0.0], [1.0]])
        >>> mixed = add_noise(x0, torch.tensor([0, 1]), noise, alpha_bar)
        >>> [round(value, 4) for value in mixed.flatten().tolist()]
        [0.8, 1.4]

    Source: Ho, Jain and Abbeel, Denoising diffusion probabilistic models, 2020, equation 4.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_39: `add_noise` is still a stub")


def predict_x0(
    x_t: torch.Tensor, t: torch.Tensor, noise: torch.Tensor, alpha_bar: torch.Tensor
) -> torch.Tensor:
    """Return the data that a mixture was made from, if this was its noise.

    Args:
        x_t: Mixtures (N, ...), as `add_noise` gives them.
        t: Their timesteps (N,), int64, from 0 to T - 1.
        noise: Shaped like x_t, of its type: the noise in it, or what a network takes for it.
        alpha_bar: (T,), float64 or of the type of x_t.
    Returns:
        Shaped like x_t and of its type: the x0 for which `add_noise` gives x_t. It may lie far
        outside of the range of the data, and is not clipped.
    Example:
        >>> alpha_bar = torch.tensor([0.64, 0.36])
        >>> x_t, noise = torch.tensor([[0.8], [1.4]]), torch.tensor([[0.0], [1.0]])
        >>> data = predict_x0(x_t, torch.tensor([0, 1]), noise, alpha_bar)
        >>> [round(value, 4) for value in data.flatten().tolist()]
        [1.0, 1.0]

    Source: Ho, Jain and Abbeel, Denoising diffusion probabilistic models, 2020, equation 15.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_39: `predict_x0` is still a stub")


def ddim_step(
    x_t: torch.Tensor,
    t: torch.Tensor,
    t_previous: torch.Tensor,
    noise: torch.Tensor,
    alpha_bar: torch.Tensor,
) -> torch.Tensor:
    """Go from one timestep to another without drawing any noise.

    Args:
        x_t: Mixtures (N, ...), at the timesteps t.
        t: (N,), int64, from 0 to T - 1.
        t_previous: (N,), int64, from -1 to T - 1: where each sample is to go. Any distance from t
            is fine, in either direction and none at all, and the distances of a batch may differ.
            -1 stands for clean data, where alpha_bar is 1.
        noise: Shaped like x_t, of its type: the noise in it, or what a network takes for it.
        alpha_bar: (T,), float64 or of the type of x_t.
    Returns:
        Shaped like x_t and of its type: the predicted x0, which is not clipped, mixed with the
        same noise at `t_previous`.
    Example:
        >>> alpha_bar = torch.tensor([0.64, 0.36])
        >>> x_t, noise = torch.tensor([[1.4], [1.4]]), torch.ones(2, 1)
        >>> t, t_previous = torch.tensor([1, 1]), torch.tensor([0, -1])
        >>> x = ddim_step(x_t, t, t_previous, noise, alpha_bar)
        >>> [round(value, 4) for value in x.flatten().tolist()]
        [1.4, 1.0]

    Source: Song, Meng and Ermon, Denoising diffusion implicit models, 2021, equation 12 with
        sigma 0.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_39: `ddim_step` is still a stub")


def guided_noise(
    conditional: torch.Tensor, unconditional: torch.Tensor, scale: float
) -> torch.Tensor:
    """Combine two predictions of the noise: classifier-free guidance.

    Args:
        conditional: What the network predicts if it is told what to draw, (N, ...).
        unconditional: What it predicts without being told, of the same shape and type.
        scale: How far to follow the condition: 0 ignores it, 1 is the conditional prediction,
            and any other float goes on along the same line, negative ones too.
    Returns:
        Shaped like the predictions and of their type:
        `unconditional + scale * (conditional - unconditional)`.
    Example:
        >>> guided_noise(torch.tensor([[2.0]]), torch.tensor([[1.0]]), 3.0).tolist()
        [[4.0]]

    Source: Ho and Salimans, Classifier-free diffusion guidance, 2022. Their w is `scale - 1`.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_39: `guided_noise` is still a stub")
