"""Hidden checks of exercise 39: noising, denoising and guidance of diffusion models.

Truth is a picture and not the formula: data and noise are two axes, `alpha_bar` is the squared
cosine of an angle, and a step turns by the difference of two angles. All in float64 NumPy,
sample by sample; the schedule is a product of decimals.
"""

import math
from decimal import Decimal, localcontext

import numpy as np
import torch

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_close,
    assert_tensor,
    check,
    expect,
    same,
    seeds_of,
)

F32, F64 = torch.float32, torch.float64
# float32 rounds an alpha_bar between 0.05 and 0.98 by 3e-8, which a division by its root makes
# five times as much; in float64 nothing below 1e-12 is lost even where alpha_bar is 4e-5.
LOOSE, DIGITS = 2e-5, 1e-10


# ---- truths ------------------------------------------------------------------------------------


def product_of_decimals(steps, first=1e-4, last=0.02):
    """The running product, in 40 digits."""
    values, product = [], Decimal(1)
    with localcontext() as context:
        context.prec = 40
        first, last = Decimal(first), Decimal(last)
        for step in range(steps):
            product *= 1 - (first + (last - first) * step / max(steps - 1, 1))
            values.append(float(product))
    return torch.tensor(values, dtype=F64)


def angle(alpha_bar, t):
    """Between the data's axis and the mixture's, in radians; 0 for clean data."""
    level = float(alpha_bar[t]) if t >= 0 else 1.0
    return math.atan2(math.sqrt(1 - level), math.sqrt(level))


def by_sample(x, rows):
    return torch.tensor(np.stack(rows), dtype=x.dtype)


def samples(*tensors):
    """One sample of each after the other, as float64 arrays."""
    return zip(*(tensor.double().numpy() for tensor in tensors), strict=True)


def turned_to_noise(x0, t, noise, alpha_bar):
    """The point of the unit circle at the angle of t, if data and noise are the axes."""
    angles = [angle(alpha_bar, step) for step in t.tolist()]
    rows = [math.cos(a) * x + math.sin(a) * n
            for a, (x, n) in zip(angles, samples(x0, noise), strict=True)]  # fmt: skip
    return by_sample(x0, rows)


def turned_to_data(x_t, t, noise, alpha_bar):
    return turned(x_t, t, torch.full_like(t, -1), noise, alpha_bar)


def turned(x_t, t, t_previous, noise, alpha_bar):
    """From one angle to another, with the noise held fast."""
    angles = [(angle(alpha_bar, now), angle(alpha_bar, then))
              for now, then in zip(t.tolist(), t_previous.tolist(), strict=True)]  # fmt: skip
    rows = [(math.cos(then) * x + math.sin(then - now) * n) / math.cos(now)
            for (now, then), (x, n) in zip(angles, samples(x_t, noise), strict=True)]  # fmt: skip
    return by_sample(x_t, rows)


def weighed(conditional, unconditional, scale):
    """Both predictions with their weights, which add up to one."""
    rows = [scale * c + (1 - scale) * u for c, u in samples(conditional, unconditional)]
    return by_sample(conditional, rows)


def size_of(args):
    """The largest magnitude among the tensors of floats, at least 1."""
    floats = [a for a in args if isinstance(a, torch.Tensor) and a.is_floating_point()]
    return max([1.0, *(float(a.abs().max()) for a in floats)])


def judge(actual, expected, *args, **keywords):
    """Shape and value, as near as float32 comes; the type is the matter of other checks."""
    assert_tensor(actual, shape=tuple(expected.shape))
    expect(actual.is_floating_point(), f"expected numbers of {expected.dtype}, got {actual.dtype}")
    atol = LOOSE * size_of([*args, *keywords.values()])
    assert_close(actual.double(), expected.double(), rtol=LOOSE, atol=atol)


def judge_digits(actual, expected, *args, **keywords):
    """The type too, and in float64 the digits that float32 has not."""
    assert_tensor(actual, shape=tuple(expected.shape), dtype=expected.dtype)
    tolerance = DIGITS if expected.dtype == F64 else LOOSE
    atol = tolerance * size_of([*args, *keywords.values()])
    assert_close(actual, expected, rtol=tolerance, atol=atol)


# Inputs to show a learner: the smallest on which an answer is wrong is looked for among these.
# Levels whose roots have one digit.
LEVELS = (0.64, 0.36)


def mixtures(*, values=(1.0, 0.0, -0.5), axes=(1, 1, 1), steps=None, samples=2, wide=False):
    """x, t and noise of one or two samples, and LEVELS; with `steps` where to go, too."""

    def inputs(st):
        @st.composite
        def one(draw):
            rows = draw(st.integers(1, samples))
            shape = (rows, *draw(axes(st, rows) if callable(axes) else st.just(axes)))
            count = math.prod(shape)
            dtype = F32 if wide else draw(st.sampled_from([F32, F64]))
            entries = st.lists(st.sampled_from(values), min_size=count, max_size=count)
            x, noise = (torch.tensor(draw(entries), dtype=dtype).reshape(shape) for _ in "xn")
            moments = st.lists(st.integers(0, 1), min_size=rows, max_size=rows)
            times = [torch.tensor(draw(moments))]
            if steps:
                goals = st.lists(st.sampled_from(steps), min_size=rows, max_size=rows)
                times.append(torch.tensor(draw(goals)))
            alpha_bar = torch.tensor(LEVELS, dtype=F64 if wide else dtype)
            return x, *times, noise, alpha_bar

        return one()

    return inputs


def any_axes(st, rows):
    return st.sampled_from([(), (1,), (rows,), (1, 1), (1, 1, 1, 1)])


def few_steps(st):
    return st.tuples(st.integers(1, 3), st.sampled_from([0.5, 0.1]), st.sampled_from([0.5, 0.2]))


def two_predictions(st):
    values = st.sampled_from([1.0, 0.0, -0.5, 4.0])
    scales = st.sampled_from([2.0, 0.0, 1.0, 0.5, -1.0, 8.0])
    return st.tuples(values, values, scales).map(
        lambda each: (torch.tensor([[each[0]]]), torch.tensor([[each[1]]]), each[2])
    )


SCHEDULE = Truth("linear_alpha_bar", product_of_decimals, inputs=few_steps, rtol=0, judge=judge)
ADD = Truth("add_noise", turned_to_noise, inputs=mixtures(), rtol=0, judge=judge)
PREDICT = Truth("predict_x0", turned_to_data, inputs=mixtures(), rtol=0, judge=judge)
STEP = Truth("ddim_step", turned, inputs=mixtures(steps=(0, 1)), rtol=0, judge=judge)
GUIDED = Truth("guided_noise", weighed, inputs=two_predictions, rtol=0, judge=judge)


def to_the_digit(truth):
    """The same truth, judged more closely."""
    return Truth(
        truth.function, truth.expected, inputs=truth.inputs, rtol=0, judge=judge_digits
    )


SCHEDULE_DIGITS, ADD_DIGITS, PREDICT_DIGITS, STEP_DIGITS, GUIDED_DIGITS = (
    to_the_digit(truth) for truth in (SCHEDULE, ADD, PREDICT, STEP, GUIDED)
)


# ---- cases -------------------------------------------------------------------------------------


def some_dtype(rng):
    return (F32, F64)[rng.integers(2)]


def levels(rng, dtype, steps=7):
    """A falling alpha_bar between 0.05 and 0.98."""
    values = np.linspace(0.94, 0.09, steps) + rng.uniform(-0.04, 0.04, steps)
    return torch.tensor(values, dtype=dtype)


def uniform(rng, shape, dtype, size):
    return torch.tensor(rng.uniform(-size, size, shape), dtype=dtype)


# From the first steps of a usual chain of a thousand to its last one.
EXTREME = np.array([0.9999, 0.998, 0.9, 0.3, 0.01, 1e-3, 4e-5])


def mixture_parts(rng, shape=(2, 1, 2, 3), dtype=None, size=0.7, alpha_bar=None):
    """x0, t (all different), noise, alpha_bar: within [-1, 1], and so is what comes of them."""
    dtype = dtype or some_dtype(rng)
    alpha_bar = levels(rng, dtype) if alpha_bar is None else alpha_bar
    t = torch.tensor(rng.permutation(len(alpha_bar))[: shape[0]])
    return uniform(rng, shape, dtype, size), t, uniform(rng, shape, dtype, size), alpha_bar


def mixed_parts(rng, *args):
    """x_t, t, noise, alpha_bar: x_t is made of data within [-1, 1]."""
    x0, t, noise, alpha_bar = mixture_parts(rng, *args)
    return turned_to_noise(x0, t, noise, alpha_bar), t, noise, alpha_bar


def journey(rng, *args):
    """Data, t, t_previous, noise, alpha_bar: back to timesteps from 0 up, not all equally far."""
    data, t, noise, alpha_bar = mixture_parts(rng, *args)
    t = t.clamp(min=3)
    back = 1 + rng.permutation(max(len(t), 3))[: len(t)] % 3
    return data, t, t - torch.tensor(back), noise, alpha_bar


def departed(data, t, t_previous, noise, alpha_bar):
    """The arguments of a step, from the data within its mixture."""
    return turned_to_noise(data, t, noise, alpha_bar), t, t_previous, noise, alpha_bar


def step_parts(rng, *args):
    return departed(*journey(rng, *args))


def fixed(draw, number, *args):
    """The case that `draw` makes of a seed of ours."""
    return draw(np.random.default_rng(number), *args)


SHAPES = ((3,), (3, 3), (2, 2, 2), (1, 3), (2, 1, 2, 1, 2))


def of_any_shape(draw):
    """Draw a case of one of SHAPES."""
    return lambda rng: draw(rng, SHAPES[rng.integers(len(SHAPES))])


def far(draw):
    """Draw a case whose numbers lie far outside of [-1, 1]."""
    return lambda rng: draw(rng, (2, 1, 2, 2), None, float(10 ** rng.uniform(0.5, 3.5)))


def in_double(draw):
    """Draw a case whose schedule is float64: usual levels for float32, extreme ones for float64."""

    def one(rng, dtype=None):
        dtype = dtype or some_dtype(rng)
        extreme = torch.tensor(EXTREME * (1 - 1e-4 * rng.random(7)))
        return draw(rng, (2, 1, 1, 2), dtype, 0.7, extreme if dtype == F64 else levels(rng, F64))

    return one


def probe(answer, name, cases):
    # Values for tensors that lie in memory in two other ways, and whether each call left torch's
    # random state such that it depends on the one before.
    ways = (
        lambda x: x.transpose(0, -1).contiguous().transpose(0, -1),
        lambda x: torch.stack([x, x], dim=-1)[..., 0],
    )
    values, states = [], []
    for number, case in enumerate(cases):
        torch.default_generator.manual_seed(number)
        values += [getattr(answer, name)(*map(lay, case)) for lay in ways]
        states.append(torch.get_rng_state())
    return values, not torch.equal(states[0], states[-1])


def assert_any_shape(submission, truth, draw):
    """The function is right for data of all SHAPES, however they lie, and leaves torch alone."""
    truth.assert_holds(
        submission,
        [fixed(draw, number, shape) for number, shape in enumerate(SHAPES, 1)],
        draw=of_any_shape(draw),
    )
    cases = [fixed(draw, seed, (2, 2, 3)) for seed in (9, *seeds_of(submission, 1))]
    values, untouched = submission.probe(probe, truth.function, cases)
    expect(untouched, "it reseeds torch's global random state")
    for number, value in enumerate(values):
        try:
            truth.compare(value, cases[number // 2], {})
        except Mismatch as mismatch:
            given = f"a call of {truth.function} with tensors that are not contiguous"
            raise Mismatch(str(mismatch), given, mismatch.kind) from None


# ---- linear_alpha_bar --------------------------------------------------------------------------


@check("linear_alpha_bar", points=0.5,
       hint="Write beta, 1 - beta and alpha_bar for three steps below each other. Which of them is "
            "multiplied up, and is the first step's factor in the first entry?")  # fmt: skip
def test_is_no_running_product(submission):
    """Each entry is the product of 1 - beta over the steps up to it, itself included."""
    SCHEDULE.assert_holds(
        submission,
        [(3,), (20,), (100,), (6, 1e-4, 0.02)],
        draw=lambda rng: (int(rng.integers(4, 60)),),
    )


def other_betas(rng):
    first, last = rng.uniform(0.01, 0.2), rng.uniform(0.3, 0.6)
    case = int(rng.integers(3, 9)), float(first), float(last)
    return case if rng.random() < 0.5 else (case[:1], {"first": case[1], "last": case[2]})


@check("linear_alpha_bar", points=0.5,
       hint="Which betas do the first and the last step get if somebody asks for others than the "
            "usual ones?")  # fmt: skip
def test_keeps_the_usual_betas(submission):
    """Other betas are evenly spaced, from `first` to `last`, both of them included."""
    SCHEDULE.assert_holds(
        submission,
        [(3, 0.1, 0.5), (5, 0.25, 0.25), ((4,), {"last": 0.6}), ((6,), {"first": 0.015})],
        draw=other_betas,
    )


@check("linear_alpha_bar", points=0.5,
       hint="One step has no distance to the next. What does your spacing divide by?")  # fmt: skip
def test_fails_for_one_step(submission):
    """A schedule of one step has the beta `first`, and one of two has both."""
    SCHEDULE.assert_holds(
        submission,
        [(1,), (1, 0.25), (1, 0.25, 0.75), (2, 0.25, 0.5)],
        draw=lambda rng: (1, float(rng.uniform(0.05, 0.3)), float(rng.uniform(0.4, 0.6))),
    )


@check("linear_alpha_bar", points=0.5,
       hint="The factors are all near 1. How many digits does a product of a thousand of them have "
            "in float32?")  # fmt: skip
def test_loses_digits_of_the_schedule(submission):
    """A thousand steps come in float64, right to ten digits, and so do more of them."""
    SCHEDULE_DIGITS.assert_holds(
        submission,
        [(1000,), (1600,)],
        draw=lambda rng: (int(rng.integers(200, 400)),),
        draws=1,
    )


# ---- add_noise ---------------------------------------------------------------------------------


@check("add_noise", points=0.5,
       hint="The squares of the two factors add up to 1. Which of them belongs to the data, and "
            "whose timestep does a sample have?")  # fmt: skip
def test_mixes_in_other_shares(submission):
    """Each sample is sqrt(alpha_bar) of the data and sqrt(1 - alpha_bar) of noise at its own t."""
    ends = fixed(mixture_parts, 12, (2, 1, 2, 2), F32)
    ADD.assert_holds(
        submission,
        [fixed(mixture_parts, 11, (2, 1, 2, 2), F32), fixed(mixture_parts, 13),
         (ends[0], torch.tensor([0, 6]), *ends[2:]), (ends[0], torch.tensor([2, 2]), *ends[2:])],
        draw=mixture_parts,
    )  # fmt: skip


@check("add_noise", points=0.5, inputs=mixtures(axes=any_axes),
       hint="There is one factor a sample. Which axis of the data do your factors line up with, "
            "and how many axes may follow it?")  # fmt: skip
def test_expects_a_number_of_axes(submission):
    """add_noise: data may have any number of axes after the first, none included."""
    assert_any_shape(submission, ADD, mixture_parts)


@check("add_noise", points=0.5, inputs=mixtures(wide=True),
       hint="What is the type of a float32 tensor times a float64 one? And what is left of a "
            "float64 number that has been float32?")  # fmt: skip
def test_answers_in_another_type(submission):
    """add_noise: the type is that of the data, whatever alpha_bar has, and so are the digits."""
    draw = in_double(mixture_parts)
    ADD_DIGITS.assert_holds(submission, [fixed(draw, 14, F32), fixed(draw, 15, F64)], draw=draw)


@check("add_noise", points=0.5, inputs=mixtures(values=(3.0, 0.0, -8.0), axes=(1,)),
       hint="Are data of a unit variance between -1 and 1? And is x0 afterwards what it was?")
def test_clips_or_changes_the_data(submission):
    """add_noise: numbers far outside of [-1, 1] come out as they are, and arguments stay."""
    draw = far(mixture_parts)
    ADD.assert_holds(submission, [fixed(draw, 16), fixed(draw, 17)], draw=draw, unchanged=True)


# ---- predict_x0 --------------------------------------------------------------------------------


@check("predict_x0", points=0.5,
       hint="Write down what add_noise computes, and solve it for x0 step by step. What is "
            "subtracted, and by which factor is all of it divided?")  # fmt: skip
def test_does_not_invert_the_mixture(submission):
    """The data come out from which add_noise made the mixture, each sample at its own t."""
    data, t, noise, alpha_bar = fixed(mixture_parts, 22, (2, 1, 2, 2), F32)
    ends = [(turned_to_noise(data, t, noise, alpha_bar), t, noise, alpha_bar)
            for t in (torch.tensor([0, 6]), torch.tensor([3, 3]))]  # fmt: skip
    PREDICT.assert_holds(
        submission,
        [fixed(mixed_parts, 21, (2, 1, 2, 2), F32), fixed(mixed_parts, 23), *ends],
        draw=mixed_parts,
    )


@check("predict_x0", points=0.5, inputs=mixtures(axes=any_axes),
       hint="There is one factor a sample. Which axis of the mixture do your factors line up "
            "with?")  # fmt: skip
def test_expects_a_number_of_axes_of_mixtures(submission):
    """predict_x0: mixtures may have any number of axes after the first, none included."""
    assert_any_shape(submission, PREDICT, mixed_parts)


@check("predict_x0", points=0.5, inputs=mixtures(wide=True),
       hint="What is the type of a float32 tensor over a float64 one? And what is left of a small "
            "float64 number if something has been added to it?")  # fmt: skip
def test_predicts_in_another_type(submission):
    """predict_x0: the type is that of the mixture, and so are the digits, at high noise too."""
    draw = in_double(mixed_parts)
    PREDICT_DIGITS.assert_holds(
        submission, [fixed(draw, 24, F32), fixed(draw, 25, F64)], draw=draw
    )


@check("predict_x0", points=0.5, inputs=mixtures(values=(3.0, 0.0, -8.0), axes=(1,)),
       hint="Samplers often clip what they predict. Does the exact inverse? And is x_t afterwards "
            "what it was?")  # fmt: skip
def test_clips_or_changes_the_mixture(submission):
    """predict_x0: data far outside of [-1, 1] come out as they are, and arguments stay."""
    draw = far(mixed_parts)
    PREDICT.assert_holds(submission, [fixed(draw, 26), fixed(draw, 27)], draw=draw, unchanged=True)


# ---- ddim_step ---------------------------------------------------------------------------------


@check("ddim_step", points=0.5,
       hint="First the data that x_t was made from, then a new mixture. At which timestep is each "
            "of the two, and which noise does the second use?")  # fmt: skip
def test_mixes_at_another_step(submission):
    """The predicted data are mixed with the same noise anew, each sample at its own step."""
    STEP.assert_holds(
        submission,
        [fixed(step_parts, 31, (2, 1, 2, 2), F32), fixed(step_parts, 32, (3, 1, 1, 2), F64),
         fixed(step_parts, 33, (1, 1, 2, 2), F32)],
        draw=step_parts,
    )  # fmt: skip


def some_clean(rng, rows=2):
    """Steps of which one at least goes to clean data, and the others elsewhere."""
    x_t, t, goals, noise, alpha_bar = step_parts(rng, (rows, 1, 1, 2))
    clean = rng.random(rows) < 0.3
    clean[rng.integers(rows)] = True
    return x_t, t, torch.where(torch.tensor(clean), -1, goals), noise, alpha_bar


@check("ddim_step", points=0.5, inputs=mixtures(steps=(-1, 0), axes=(1,)),
       hint="What does alpha_bar[-1] hold, and what is alpha_bar before the first step? Does one "
            "sample of a batch have to wait for the others?")  # fmt: skip
def test_takes_clean_data_for_the_last_step(submission):
    """A step to -1 gives the predicted data, and samples beside it go where they should."""
    x_t, t, _, noise, alpha_bar = fixed(step_parts, 34, (3, 1, 1, 2), F32)
    cases = [(x_t, t, torch.tensor(goals), noise, alpha_bar)
             for goals in ([-1, -1, -1], [-1, 1, 0], [0, -1, 2])]  # fmt: skip
    # Some samplers clip at the very end only, so these data lie far outside of [-1, 1].
    x_t, t, _, noise, alpha_bar = fixed(far(step_parts), 40)
    cases.append((x_t, t, torch.full_like(t, -1), noise, alpha_bar))
    STEP.assert_holds(submission, cases, draw=some_clean)


def some_forward(rng):
    """Steps that stay where they are, and steps forward."""
    data, t, goals, noise, alpha_bar = journey(rng, (3, 1, 1, 2))
    stays = torch.tensor(rng.random(3) < 0.3)
    return departed(data, goals, torch.where(stays, goals, t), noise, alpha_bar)


@check("ddim_step", points=0.5, inputs=mixtures(steps=(0, 1), axes=(1,)),
       hint="The formula has two levels in it. Does it say anywhere that one of them is the "
            "lower?")  # fmt: skip
def test_only_goes_back(submission):
    """A step may go to a later timestep or stay at its own."""
    data, t, goals, noise, alpha_bar = fixed(journey, 35, (3, 1, 1, 2), F64)
    some, others = torch.tensor([0, 1, 1]), torch.tensor([6, 0, 1])
    STEP.assert_holds(
        submission,
        [departed(data, now, then, noise, alpha_bar)
         for now, then in ((goals, t), (t, t), (some, others))],
        draw=some_forward,
    )  # fmt: skip


@check("ddim_step", points=0.5, inputs=mixtures(steps=(0, 1), axes=any_axes),
       hint="There are two levels a sample. Which axis of the mixture do they line up "
            "with?")  # fmt: skip
def test_expects_a_number_of_axes_of_a_step(submission):
    """ddim_step: mixtures may have any number of axes after the first, none included."""
    assert_any_shape(submission, STEP, step_parts)


@check("ddim_step", points=0.5, inputs=mixtures(steps=(0, 1), wide=True),
       hint="What is the type of a float32 tensor times a float64 one? What would the next step "
            "make of it?")  # fmt: skip
def test_steps_in_another_type(submission):
    """ddim_step: the type is that of the mixture, and so are the digits, at high noise too."""
    draw = in_double(step_parts)
    STEP_DIGITS.assert_holds(submission, [fixed(draw, 36, F32), fixed(draw, 37, F64)], draw=draw)


@check("ddim_step", points=0.5,
       inputs=mixtures(values=(3.0, 0.0, -8.0), axes=(1,), steps=(0, 1)),
       hint="Samplers often clip the predicted data between the two lines. Does the contract? And "
            "are x_t and the timesteps afterwards what they were?")  # fmt: skip
def test_clips_or_changes_what_it_steps_from(submission):
    """ddim_step: data far outside of [-1, 1] are used as they are, and arguments stay."""
    draw = far(step_parts)
    STEP.assert_holds(submission, [fixed(draw, 38), fixed(draw, 39)], draw=draw, unchanged=True)
    # What comes of -1 is for another check, and so is only looked at where it was handed in.
    x_t, t, _, noise, alpha_bar = fixed(step_parts, 43, (2, 2), F32)
    clean = torch.tensor([-1, 0])
    called = submission.call("ddim_step", x_t, t, clean, noise, alpha_bar)
    expect(same(called.args[2], clean), "it changed t_previous", given="ddim_step to [-1, 0]")


# ---- guided_noise ------------------------------------------------------------------------------


def predictions(rng, size=0.15, low=1.2, high=2.5):
    """Predictions and a scale such that all stays within [-1, 1]."""
    dtype, shape = some_dtype(rng), (2, 1, 2, 2)
    scale = float(rng.uniform(low, high))
    return uniform(rng, shape, dtype, size), uniform(rng, shape, dtype, size), scale


@check("guided_noise", points=0.5,
       hint="Where on the line does a scale of 0 lie, where one of 1, and where one of "
            "2?")  # fmt: skip
def test_counts_the_scale_from_elsewhere(submission):
    """A scale counts from the unconditional prediction: 1 is the conditional, 2 as far again."""
    exact = torch.tensor([[0.25, -0.25]]), torch.tensor([[0.5, 0.25]])
    GUIDED.assert_holds(
        submission,
        [(*exact, 2.0), fixed(predictions, 41), fixed(predictions, 42)],
        draw=predictions,
    )


@check("guided_noise", points=0.5,
       hint="Scales below 1, of 0 and below 0 are on the line too. Does anything keep the result "
            "within bounds, or in float32?")  # fmt: skip
def test_bounds_scale_or_result(submission):
    """Any scale and any numbers will do, in their own type, and the predictions stay."""
    far = torch.tensor([[3.0, -8.0], [0.5, 20.0]]), torch.tensor([[-2.0, 5.0], [-4.0, 0.0]])
    cases = [(*(f.to(dtype) for f in far), scale)
             for dtype in (F32, F64) for scale in (7.5, 0.0, 1.0, 0.3, -1.0, 50.0)]  # fmt: skip
    cases.append((torch.tensor([0.1, 4.0]).double(), torch.tensor([0.3, -0.7]).double(), 0.7))
    GUIDED_DIGITS.assert_holds(
        submission,
        cases,
        draw=lambda rng: predictions(rng, float(rng.uniform(0.5, 9.0)), -3.0, 12.0),
        unchanged=True,
    )
