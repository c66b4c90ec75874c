"""Exercise 38: the losses of a variational autoencoder (torch).

"How does a gradient pass through a sample?" is a favourite question, and its answer is one line.
Then the interviewer wants the rest of the loss, and looks at what goes wrong silently: a
sum that is an average weighs the divergence by the number of pixels, and all codes collapse
onto the prior; a Bernoulli likelihood that goes through a sigmoid is cut off where the decoder is
sure; a bound over K samples underflows for every image but one. In each case training runs and
the pictures are grey. The follow-ups: what do you do against a decoder that ignores the code, and
what does a larger K buy?

Throughout, N is the number of samples, D that of pixels, and Z that of latent axes. All tensors of
a call are of one type, float32 or float64, and the answer has that type too. The arguments stay as
they were, and torch's global random state is neither used nor reseeded.
"""

import torch


def reparameterize(
    mu: torch.Tensor, log_var: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Draw one code for each sample, so that gradients pass through it.

    Args:
        mu: Means (N, Z).
        log_var: Logarithms of the variances (N, Z), of any finite size for which the result is
            finite in its type.
        generator: The only source of randomness. How you draw from it is free; equal state of the
            generator and equal shape give equal noise, whatever mu and log_var are, and the next
            call with it gives other noise.
    Returns:
        (N, Z): `mu + exp(log_var / 2) * noise`, where the noise is standard normal and independent
        from entry to entry. Gradients reach mu and log_var.
    Example:
        >>> mu, log_var = torch.zeros(1, 2), torch.zeros(1, 2)
        >>> noise = reparameterize(mu, log_var, torch.Generator().manual_seed(0))
        >>> code = reparameterize(mu + 5, log_var - 2, torch.Generator().manual_seed(0))
        >>> bool(torch.allclose(code, 5 + 0.36787944 * noise))
        True

    Source: Kingma and Welling, Auto-encoding variational Bayes, 2014, section 2.4.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_38: `reparameterize` is still a stub")


def kl_to_standard_normal(mu: torch.Tensor, log_var: torch.Tensor) -> torch.Tensor:
    """Return the divergence of each code's Gaussian from the standard normal distribution.

    Args:
        mu: Means (N, Z).
        log_var: Logarithms of the variances (N, Z), from -80 to 80.
    Returns:
        (N,): KL(N(mu, exp(log_var)) || N(0, 1)) in nats, summed over the Z latent axes.
    Example:
        >>> zero = torch.zeros(1, 1)
        >>> [round(kl_to_standard_normal(*pair).item(), 4) for pair in ((zero + 2, zero),
        ...                                                             (zero, zero + 1))]
        [2.0, 0.3591]

    Source: Kingma and Welling, Auto-encoding variational Bayes, 2014, appendix B.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_38: `kl_to_standard_normal` is still a stub")


def negative_elbo(
    x: torch.Tensor,
    logits: torch.Tensor,
    mu: torch.Tensor,
    log_var: torch.Tensor,
    beta: float = 1.0,
) -> torch.Tensor:
    """Return the loss of a variational autoencoder with a Bernoulli decoder.

    Args:
        x: Data (N, D), anywhere in [0, 1], both ends and grey values included.
        logits: What the decoder says of each pixel (N, D), before the sigmoid; of any finite size.
        mu: Means (N, Z) of the codes.
        log_var: Logarithms of their variances (N, Z), from -80 to 80.
        beta: The weight of the divergence; 0 leaves it out.
    Returns:
        A scalar tensor: for each sample `-(x * log(p) + (1 - x) * log(1 - p))` with
        `p = sigmoid(logits)`, summed over D, plus beta times the divergence from the standard
        normal distribution, summed over Z; then the mean over the N samples. Right, and not only
        finite, at large logits.
    Example:
        >>> zero = torch.zeros(1, 1)
        >>> x, logits = torch.tensor([[1.0, 0.25]]), torch.zeros(1, 2)
        >>> round(float(negative_elbo(x, logits, zero, zero)), 4)
        1.3863
        >>> round(float(negative_elbo(zero, zero + 1000, zero + 2, zero, beta=4.0)), 1)
        1008.0

    Source: Higgins et al., beta-VAE, 2017, equation 4.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_38: `negative_elbo` is still a stub")


def importance_weighted_bound(log_weights: torch.Tensor) -> torch.Tensor:
    """Return the bound of the importance-weighted autoencoder.

    Args:
        log_weights: (K, N): for each of N samples the logarithms of K importance weights, log
            p(x, z) - log q(z | x); finite, of any size, also where the columns lie thousands apart.
    Returns:
        A scalar tensor: for each sample the logarithm of the mean of its K weights, and of these
        the mean over the N samples. This is the bound, which training maximises, not its negative.
    Example:
        >>> log_weights = torch.log(torch.tensor([[1.0, 4.0], [3.0, 4.0]]))
        >>> round(float(importance_weighted_bound(log_weights).exp()), 4)
        2.8284
        >>> importance_weighted_bound(torch.tensor([[-2000.0, 3000.0]])).item()
        500.0

    Source: Burda, Grosse and Salakhutdinov, Importance weighted autoencoders, 2016, equation 8.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_38: `importance_weighted_bound` is still a stub")
