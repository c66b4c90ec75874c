"""Exercise 28: Decoding, from logits to text (numpy).

A language model gives one score a token and stops there. Which token is said is your code, and
it decides whether the product is witty, repeats itself, or talks nonsense: take the likeliest
token each time and it loops, sample from all 100,000 and one token in twenty is rubbish.
Interviewers ask for temperature, top-k and top-p in one function because the order matters, and
because the edges show who has run it: temperature 0, ties, and which token is the last one in.

The follow-up is beam search: why is the best text not made of the best tokens, what does a
finished sequence do to the beam, and why does it end too early without a length penalty?
"""

from collections.abc import Callable

import numpy as np


def next_token_distribution(
    logits: np.ndarray,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> np.ndarray:
    """Return the probabilities from which the next token is sampled.

    1. The logits are divided by the temperature.
    2. The `top_k` largest are kept.
    3. The probabilities of these are normalised to sum to one. Then tokens are kept, the most
       probable first, until their probabilities add up to `top_p` or more.
    4. The probabilities of what is left are normalised again.

    Of equal logits the lower index comes first; they are equal if they are so as given, before
    the division.

    Args:
        logits: (V,) float64, of any finite size; some may be -inf, but not all.
        temperature: 0 gives all probability to the largest logit, the first of equals. Any
            number above 0, however small, gives finite probabilities.
        top_k: At least 1, and may exceed V; None keeps all.
        top_p: In (0, 1]. 1, like None, keeps every token of positive probability (with 1, a
            token below 1e-12 may be left out). You need not care for rounding: no sum of
            probabilities is within 1e-6 of `top_p`, save those of 2, 4, 8 or 16 equal logits.
    Returns:
        (V,) float64 that sums to one; what is not kept is exactly 0. `logits` stays as it was.
    Raises:
        ValueError: the temperature is below 0, `top_k` below 1 or `top_p` outside (0, 1],
            whatever the other arguments are, temperature 0 included.
    Example:
        >>> logits = np.log([0.1, 0.6, 0.3])
        >>> next_token_distribution(logits).round(4).tolist()
        [0.1, 0.6, 0.3]
        >>> next_token_distribution(logits, top_k=2).round(4).tolist()
        [0.0, 0.6667, 0.3333]
        >>> next_token_distribution(logits, top_p=0.5).round(4).tolist()
        [0.0, 1.0, 0.0]
        >>> next_token_distribution(logits, temperature=0).round(4).tolist()
        [0.0, 1.0, 0.0]

    Source: Holtzman and others, The Curious Case of Neural Text Degeneration, 2020.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_28: `next_token_distribution` is still a stub")


def repetition_penalty(logits: np.ndarray, previous: list[int], penalty: float) -> np.ndarray:
    """Return the logits with every token that was said before made less likely.

    A token that occurs in `previous`, however often, has its logit divided by the penalty if it
    is positive, and multiplied by it if it is negative: once. All other logits stay.

    Args:
        logits: (V,) float64; some may be -inf.
        previous: Tokens, integers from 0 to V - 1; may be empty.
        penalty: Any positive number; below 1 it makes the tokens likelier.
    Returns:
        (V,) float64. `logits` and `previous` stay as they were.
    Example:
        >>> repetition_penalty(np.array([2.0, -1.0, 3.0]), [1, 0, 1], 2.0).tolist()
        [1.0, -2.0, 3.0]

    Source: Keskar and others, CTRL: A Conditional Transformer Language Model, 2019.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_28: `repetition_penalty` is still a stub")


def beam_search(
    step: Callable[[list[int]], np.ndarray],
    start: int,
    end: int,
    beam_width: int,
    max_length: int,
    length_penalty: float = 0.0,
) -> tuple[list[int], float]:
    """Return the best sequence that a beam search finds, and its score.

    The beam begins with `[start]` alone, which is live even where `start` equals `end`. Each round
    extends every live sequence by every token, and keeps the `beam_width` extensions of highest
    summed log-probability. Those of them that end in `end` are finished: they leave the beam, and
    are not extended any more. The search stops when no sequence is live, or when they have
    `max_length` tokens.

    Of all sequences that are finished, and of those that are live at the end, the best is the one
    of highest score: its summed log-probability over `len(tokens) ** length_penalty`, where
    `tokens` counts `start`, and `end` if it is there.

    Args:
        step: Takes a sequence, a list of ints that begins with `start`, and gives the
            log-probabilities (V,) of the next token; some may be -inf, and such extensions may be
            dropped. It may give the same array again, so leave that as it is. Never call it with
            a finished sequence.
        start: The first token.
        end: The token that finishes a sequence.
        beam_width: At least 1.
        max_length: At least 1, `start` counted. With 1 the result is `([start], 0.0)`.
        length_penalty: A float; 0 compares the sums as they are.
    Returns:
        The pair (tokens, score): a list of ints that begins with `start` and, if it is finished,
        ends in `end`; and a float. You need not care for ties: no two sums or scores that
        compete are within 1e-6 of each other, those of -inf apart.
    Example:
        >>> table = np.log([[0.1, 0.5, 0.4], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]])
        >>> tokens, score = beam_search(lambda tokens: table[tokens[-1]], 1, 0, 1, 4)
        >>> [int(token) for token in tokens], round(float(score), 4)
        ([1, 0], -0.9163)
        >>> tokens, score = beam_search(lambda tokens: table[tokens[-1]], 2, 1, 2, 3)
        >>> [int(token) for token in tokens], round(float(score), 4)
        ([2, 0, 1], -0.7985)

    Source: Wu and others, Google's Neural Machine Translation System, 2016, section 7.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_28: `beam_search` is still a stub")
