"""Hidden checks of exercise 08: one step of Adam, one of AdamW, and a whole run.

Truth for a step is the paper's algorithm, entry by entry, in decimals of 28 digits. Truth for a
run is another reading of it: a bias-corrected moment is the weighted mean of all gradients so
far, with weights beta**age that are divided by their sum. It needs neither m nor v nor t.
"""

import math
from decimal import Decimal

import numpy as np

from gradekit.grading import (
    Code,
    Mismatch,
    Truth,
    assert_afresh,
    assert_close,
    assert_no_traces,
    check,
    expect,
    rng_of,
    same,
)

RTOL = 1e-9  # any float64 formula is within 1e-12; float32 is off by 1e-7
ATOL = 1e-15  # where a step cancels nearly all of a parameter
# Where a check is about something else than digits.
ROUGHLY = {"rtol": 1e-3}
OTHERS = (0.25, 0.6, 0.95, 0.03)  # lr, beta1, beta2, eps: no two of them alike
LATE = 50_000  # the bias is gone by then: for checks that are not about its correction


def state(rng, shape, scale=1.0):
    """A parameter, its gradient and moments from earlier steps. The parameter is small, so that
    a difference in the step does not hide behind it; gradients differ by orders of magnitude."""
    param = 0.1 * rng.normal(0.2, 1.0, shape)
    grad = scale * rng.normal(0.1, 1.0, shape) * 10.0 ** rng.integers(-2, 2, shape)
    m = scale * rng.normal(-0.1, 0.5, shape)
    return param, grad, m, (scale * rng.uniform(0.2, 1.5, shape)) ** 2


def fixed(seed, shape, scale=1.0):
    return state(np.random.default_rng(seed), shape, scale)


def first_state(rng, shape):
    """The moments before the first step are zero."""
    param, grad, _, _ = state(rng, shape)
    return param, grad, np.zeros(shape), np.zeros(shape), 1


def adam_by_decimals(param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    return by_decimals(param, grad, m, v, t, lr, beta1, beta2, eps, 0.0)


def adamw_by_decimals(
    param, grad, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    return by_decimals(param, grad, m, v, t, lr, beta1, beta2, eps, weight_decay)


def by_decimals(param, grad, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """(param, m, v) after one step, as the papers write it."""
    lr, beta1, beta2, eps, decay = map(Decimal, (lr, beta1, beta2, eps, weight_decay))
    new = [np.empty(param.shape) for _ in range(3)]
    for index in np.ndindex(param.shape):
        w, g, first, second = (Decimal(float(array[index])) for array in (param, grad, m, v))
        first = beta1 * first + (1 - beta1) * g
        second = beta2 * second + (1 - beta2) * g * g
        step = first / (1 - beta1**t) / ((second / (1 - beta2**t)).sqrt() + eps)
        for array, value in zip(new, (w - lr * step - lr * decay * w, first, second), strict=True):
            array[index] = float(value)
    return tuple(new)


def by_weighted_means(grad_fn, x0, steps, lr=1e-2):
    """All points of a run, from the weighted means of all gradients so far."""
    points, grads = [x0], []
    for _ in range(steps):
        grads.append(grad_fn(points[-1]))
        age = np.arange(len(grads))[::-1]
        mean = np.average(grads, axis=0, weights=0.9**age)
        mean_square = np.average(np.square(grads), axis=0, weights=0.999**age)
        points.append(points[-1] - lr * mean / (np.sqrt(mean_square) + 1e-8))
    return np.array(points)


def judging(*parts):
    """A judge of some of the arrays (param, m, v)."""

    def judge(actual, expected, *args, **keywords):
        if not isinstance(actual, tuple | list) or len(actual) != 3:
            raise Mismatch("expected three arrays (param, m, v)", kind="type")
        for place, name in enumerate(("param", "m", "v")):
            if name in parts:
                assert_close(actual[place], expected[place], rtol=RTOL, atol=ATOL)

    return judge


# Where the smallest counterexample is looked for: one entry, two at most.


def array(st, numbers, size):
    return st.lists(numbers, min_size=size, max_size=size).map(
        lambda values: np.array(values, dtype=np.float64))


def steps_of(st, with_decay):
    tenths, small = st.integers(-4, 4).map(float), st.sampled_from([1e-8, -2e-8, 0.0])
    settings = st.sampled_from([
        {}, {"lr": 0.5}, {"lr": 0.5, "eps": 0.5}, {"beta1": 0.5}, {"beta2": 0.5},
        {"lr": 0.5, "beta1": 0.5}, {"lr": 0.5, "beta2": 0.5},
    ])
    decay = st.sampled_from([{}, {"weight_decay": 0.5}]) if with_decay else st.just({})

    def of_size(size):
        grad = st.one_of(array(st, tenths, size), array(st, small, size))
        moments = st.one_of(
            st.just((np.zeros(size), np.zeros(size), 1)),
            st.tuples(array(st, tenths, size), array(st, st.integers(0, 4), size),
                      st.sampled_from([1, 2, 3, 100])),
        )
        arrays = st.tuples(array(st, tenths, size), grad, moments)
        return arrays.map(lambda case: (*case[:2], *case[2]))

    keywords = st.tuples(settings, decay).map(lambda pair: pair[0] | pair[1])
    return st.one_of(st.tuples(of_size(1), keywords), st.tuples(of_size(2), keywords))


def runs(st):
    grads = st.sampled_from(["lambda x: 2.0 * x", "lambda x: x**3 - x", "lambda x: 1e-8 * x",
                             "lambda x: np.sign(x) * (abs(x) > 1.0)"]).map(Code)
    x0 = array(st, st.integers(-6, 6).map(lambda n: n / 4), 1)
    x0 = st.one_of(x0, x0.map(lambda x: x[:, None]))
    return st.one_of(
        st.tuples(grads, x0, st.integers(0, 3)),
        st.tuples(grads, x0, st.one_of(st.integers(0, 3), st.just(12)), st.just(0.125)),
    )


# Said in full where a check is about something else: a wrong default is one loss.
DEFAULTS = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def adam(*parts):
    return Truth("adam_step", adam_by_decimals, inputs=lambda st: steps_of(st, False),
                 rtol=RTOL, atol=ATOL, judge=judging(*parts))


def adamw(*parts):
    return Truth("adamw_step", adamw_by_decimals, inputs=lambda st: steps_of(st, True),
                 rtol=RTOL, atol=ATOL, judge=judging(*parts))


ADAM, ADAM_PARAM, ADAM_MOMENTS = adam("param", "m", "v"), adam("param"), adam("m", "v")
ADAMW, ADAMW_PARAM = adamw("param", "m", "v"), adamw("param")
# Judged within the tolerance of the check.
ADAM_TRACES = Truth("adam_step", adam_by_decimals, inputs=lambda st: steps_of(st, False), rtol=RTOL)
ADAMW_TRACES = Truth("adamw_step", adamw_by_decimals, inputs=lambda st: steps_of(st, True),
                     rtol=RTOL)
RUN = Truth(
    "adam_minimize", by_weighted_means, inputs=runs,
    rtol=1e-8, atol=1e-10,  # rounding grows along a path, to 1e-13 in these
)


def a_shape(rng):
    return tuple(rng.integers(1, 4, size=rng.integers(1, 3)).tolist())


def first_of_all(rng):
    return first_state(rng, a_shape(rng)), DEFAULTS


def in_between(rng):
    return *state(rng, a_shape(rng)), int(rng.integers(2, 20))


def much_later(rng):
    return *state(rng, a_shape(rng)), LATE


def with_large_eps(rng):
    return (*state(rng, (3,)), int(rng.integers(1, 6))), {"eps": rng.uniform(0.05, 0.8)}


def some_settings(rng):
    return (rng.uniform(0.05, 0.5), rng.uniform(0.2, 0.9), rng.uniform(0.3, 0.97),
            rng.uniform(0.02, 0.2))


def with_settings(rng):
    return *state(rng, (3,)), int(rng.integers(1, 7)), *some_settings(rng)


def late(rng):
    return (*state(rng, (3,)), int(10 ** rng.uniform(1.0, 5.0))), DEFAULTS | {"lr": 0.5}


def faint(rng):
    return *state(rng, (3,), scale=1e-8), LATE


def faint_beside_decay(rng):
    param, *others = state(rng, (3,), scale=1e-8)
    return 300.0 * param, *others, 2


def with_decay(rng):
    return *with_settings(rng), rng.uniform(0.1, 2.0)


def plainly_decayed(rng):
    named = {"lr": rng.uniform(0.1, 0.6), "weight_decay": rng.uniform(0.2, 2.0)}
    return (*state(rng, (3,)), LATE), DEFAULTS | named


# A lopsided bowl whose axes are coupled, with its minimum off zero; then with gradients as small
# as eps, with gradients of many thousands, zero near the origin (the gradient of
# max(0, |x| - 1)), and changing its sign on the way (that of sum x**4 / 4 - x**2 / 2).
BOWL = Code("lambda x: (np.arange(1.0, x.size + 1) ** 3 * (x.ravel() - 0.3) + x.sum() / 2)"
            ".reshape(x.shape)")
FAINT = Code("lambda x: 1e-8 * np.arange(1.0, x.size + 1) * (x - 0.3)")
STEEP = Code("lambda x: 1e4 * np.arange(1.0, x.size + 1) ** 3 * (x - 0.3)")
PLATEAU = Code("lambda x: np.sign(x) * (np.abs(x) > 1.0)")
WELL = Code("lambda x: x**3 - x")
ITSELF = Code("lambda x: x")
CONSTANT = Code("lambda x, slope=np.array([2.0, -0.5]): slope")
# For points with rows only.
ROWS = Code("lambda x: x * np.arange(1.0, len(x) + 1).reshape(-1, *[1] * (x.ndim - 1)) + x[-1]")


def some_run(rng):
    steepness, middle = rng.uniform(0.5, 4.0, 2).round(3).tolist(), rng.uniform(-1, 1)
    grad_fn = Code(f"lambda x: np.array({steepness}) * (x - {middle:.3f}) + 0.5 * x.sum()")
    return grad_fn, rng.uniform(-2.0, 2.0, 2), int(rng.integers(12, 20)), rng.uniform(0.02, 0.2)


def short_run(rng):
    x0 = rng.uniform(-2.0, 2.0, rng.integers(1, 4, size=rng.integers(1, 4)))
    return BOWL, x0, int(rng.integers(0, 5)), 0.25


def default_run(rng):
    return some_run(rng)[:3]


def probe_shared(answer, name):
    """Whether a step without a gradient returns an array that shares memory with an argument."""
    args = [np.array([0.5, -2.0]), *(np.zeros(2) for _ in range(3))]
    new = [each for each in getattr(answer, name)(*args, 1) if isinstance(each, np.ndarray)]
    return any(np.shares_memory(each, given) for each in new for given in args)


def assert_new_at_rest(submission, name):
    expect(not submission.probe(probe_shared, name), "what it returned shares its memory with an "
           "argument", given=f"{name} with a gradient and moments of zero")


# adam_step


@check("adam_step", points=1, hint="The moments start from zero, and after one step m is a tenth "
                                   "of the gradient. By what must you divide to have the whole of "
                                   "it?")
def test_forgets_the_bias_correction(submission):
    """The first step, from moments of zero, moves every parameter by about `lr`."""
    cases = [(first_state(np.random.default_rng(seed), shape), DEFAULTS) for seed, shape in
             ((1, (4,)), (2, (2, 3)))]
    ADAM_PARAM.assert_holds(submission, cases, draw=first_of_all, draws=1)


@check("adam_step", points=1, hint="What does the next step want to be given: the running "
                                   "averages, or what was made of them for this step alone?")
def test_returns_corrected_moments(submission):
    """m and v come back as running averages of the gradient and of its square."""
    cases = [(*fixed(3, (5,)), 1), (*fixed(4, (3, 2)), 4),
             (*fixed(30, (3,), scale=1e6), 2)]  # nothing says that a gradient is clipped
    ADAM_MOMENTS.assert_holds(submission, cases, draw=in_between, draws=1)


@check("adam_step", points=0.5, hint="Which number under the fraction bar is eps added to: v, its "
                                     "root, or the root of the corrected v?")
def test_puts_eps_in_another_place(submission):
    """A large `eps` tells where it is added: to the root of the corrected second moment."""
    cases = [((*fixed(seed, (4,)), t), {"eps": eps}) for seed, t, eps in
             ((5, 1, 0.5), (6, 3, 0.125))]
    ADAM_PARAM.assert_holds(submission, cases, draw=with_large_eps, draws=1)


@check("adam_step", points=1, hint="Go through lr, beta1, beta2 and eps one by one. Where does "
                                   "each enter, and which average does each beta belong to?")
def test_mixes_up_its_settings(submission):
    """`lr`, `beta1`, `beta2` and `eps` have their effect, by position and by name."""
    cases = [(*fixed(seed, (2, 2)), t, *OTHERS) for seed, t in ((7, 1), (8, 2), (9, 5))]
    named = dict(zip(("param", "grad", "m", "v"), fixed(9, (2, 2)), strict=True))
    named |= {"t": 3, "eps": 0.5, "beta2": 0.75, "beta1": 0.2, "lr": 0.01}
    ADAM_PARAM.assert_holds(submission, [*cases, ((), named)], draw=with_settings, draws=1)


@check("adam_step", points=0.5, hint="Which power of beta belongs to the first step, which to the "
                                     "thousandth? What is left of the correction then?")
def test_miscounts_t(submission):
    """The correction follows `t`, from the first steps to the thousandth and beyond."""
    cases = [((*fixed(seed, (3,)), t), DEFAULTS | {"lr": 0.5}) for seed, t in
             ((10, 2), (11, 7), (12, 60), (26, 120), (13, 1000), (14, 50_000))]
    ADAM_PARAM.assert_holds(submission, cases, draw=late, draws=1)


@check("adam_step", points=0.5, hint="Which defaults does the signature name? And what is 0 / 0, "
                                     "for a parameter that has never had a gradient?")
def test_has_other_defaults(submission):
    """Gradients as small as the default `eps` are damped, and zero gradients move nothing."""
    cases = [(*fixed(15, (4,), scale=1e-8), LATE)]
    # Where the gradient is zero now, the moments still move the parameter.
    for zero in (slice(1, 3), slice(None)):
        param, grad, m, v = fixed(27, (4,))
        grad[zero] = 0.0
        cases.append((param, grad, m, v, LATE))
    ADAM_PARAM.assert_holds(submission, cases, draw=faint, draws=1)
    zeros = np.zeros(3)
    ADAM.assert_holds(submission, [(np.array([0.5, -2.0, 3.0]), zeros, zeros, zeros, 1)])


@check("adam_step", points=0.5, hint="What does `m *= beta1` do to the caller's m? What does your "
                                     "function remember when it returns?")
def test_step_works_in_place(submission):
    """A step of Adam returns new arrays, changes no argument and remembers nothing."""
    first, second, third = (fixed(seed, (2, 3)) for seed in (16, 28, 19))
    cases = [(*first, LATE), (*second, LATE), (*first, LATE), (*fixed(17, (4,)), LATE),
             (first[0], *third[1:], LATE),  # the parameter of the first, all else new
             (*fixed(18, (1,)), LATE)]
    assert_no_traces(submission, ADAM_TRACES, cases, draw=much_later, new=True, **ROUGHLY)
    assert_new_at_rest(submission, "adam_step")


# adamw_step


@check("adamw_step", points=1, hint="If the decay is part of the gradient, what is it divided by "
                                    "later? Which two averages should never hear of it?")
def test_adds_the_decay_to_the_gradient(submission):
    """The decay goes past the moments: m and v are Adam's, and the parameter shrinks besides."""
    cases = [
        (*fixed(seed, shape), t, *OTHERS, decay) for seed, shape, t, decay in
        ((20, (4,), 1, 0.5), (21, (2, 3), 3, 0.125), (22, (3,), 9, 2.0))
    ]
    cases.append((*fixed(30, (3,), scale=1e6), 2))
    named = dict(zip(("param", "grad", "m", "v"), fixed(22, (3,)), strict=True))
    named |= {"weight_decay": 0.25, "eps": 0.5, "beta2": 0.75, "beta1": 0.2, "lr": 0.01, "t": 3}
    ADAMW.assert_holds(submission, [*cases, ((), named)], draw=with_decay, draws=1)


@check("adamw_step", points=0.5, hint="Two things are taken off the parameter. Which value of it "
                                      "is the decay a share of, and does the learning rate belong "
                                      "to both?")
def test_decays_another_value(submission):
    """The decay is lr * weight_decay of the parameter from before the update."""
    cases = [((*fixed(23, (4,)), LATE), DEFAULTS | {"lr": lr, "weight_decay": decay})
             for lr, decay in ((0.5, 0.5), (0.125, 4.0), (0.5, 0.0))]
    ADAMW_PARAM.assert_holds(submission, cases, draw=plainly_decayed, draws=1)
    zeros = np.zeros(3)
    ADAMW.assert_holds(submission, [(np.array([0.5, -2.0, 3.0]), zeros, zeros, zeros, 1)],
                       lr=0.5, weight_decay=0.5)


@check("adamw_step", points=0.5, hint="Which defaults does the signature name, for the decay and "
                                      "for all that is like Adam?")
def test_decays_by_another_default(submission):
    """With nothing but `t` given, lr is 1e-3, the betas are 0.9 and 0.999, the decay is 0.01."""
    param, grad, m, v = fixed(24, (4,), scale=1e-8)
    cases = [(300.0 * param, grad, m, v, 2), first_state(np.random.default_rng(25), (2, 3)),
             (*fixed(29, (3,)), 400)]  # where the correction of v is not done yet
    ADAMW.assert_holds(submission, cases, draw=faint_beside_decay, draws=1)


@check("adamw_step", points=0.5, hint="Does `param *= 1 - lr * weight_decay` make a new array? "
                                      "What does your function remember when it returns?")
def test_decay_works_in_place(submission):
    """A step of AdamW returns new arrays, changes no argument and remembers nothing."""
    first, second, third = (fixed(seed, (2, 3)) for seed in (16, 28, 19))
    cases = [(*first, LATE), (*second, LATE), (*first, LATE), (*fixed(17, (4,)), LATE),
             (first[0], *third[1:], LATE),  # the parameter of the first, all else new
             (*fixed(18, (1,)), LATE)]
    assert_no_traces(submission, ADAMW_TRACES, cases, draw=much_later, new=True, **ROUGHLY)
    assert_new_at_rest(submission, "adamw_step")


# adam_minimize. The gradient functions run where the submission runs.


@check("adam_minimize", points=1, hint="What has to survive from one step to the next, and what "
                                       "has to count up? From which number?")
def test_restarts_the_moments(submission):
    """Moments and step number are carried from each step to the next."""
    named = {"grad_fn": WELL, "x0": np.array([-0.1, 1.75, -2.5, 0.6]), "steps": 25, "lr": 0.125}
    RUN.assert_holds(submission, [
        (BOWL, np.array([1.5, -0.75, 0.25]), 20, 0.05), ((), named),
        (STEEP, np.array([1.5, -0.75]), 9, 0.25),
        # The moments carry it on where there is no gradient any more.
        (PLATEAU, np.array([1.3125, -1.1875]), 12, 0.125),
        (BOWL, np.array([1.5, -0.75]), 130, 0.05),
        # A gradient that is the point itself, and one that is the same array each time.
        (ITSELF, np.array([1.5, -0.75]), 6, 0.25), (CONSTANT, np.array([1.5, -0.75]), 6, 0.25),
        (ITSELF, np.array([2e6, -3e6]), 4, 0.25),
    ], draw=some_run, draws=1)


@check("adam_minimize", points=0.5, hint="How many points does one visit in `steps` steps, the "
                                         "start included? Are they different arrays, or one array "
                                         "many times?")
def test_loses_points_of_the_path(submission):
    """The answer has steps + 1 points, `x0` first, each shaped like `x0`."""
    cases = []
    for shape, counts in (((2, 3), (0, 1, 4)), ((1,), (0, 4)), ((2, 1, 2), (4,))):
        x0 = np.linspace(-1.0, 1.25, math.prod(shape)).reshape(shape)
        cases += [(BOWL, x0, steps, 0.25) for steps in counts]
        cases.append((ROWS, x0, 4, 0.25))
    RUN.assert_holds(submission, cases, draw=short_run, draws=1)


@check("adam_minimize", points=0.5, hint="The default learning rate here is not that of a single "
                                         "step. Which betas and which eps does a run take?")
def test_run_has_other_defaults(submission):
    """Without an `lr` it is 1e-2; the betas and eps are those of `adam_step`."""
    cases = [(BOWL, np.array([0.5, -1.25]), 12), (FAINT, np.array([0.5, -1.25]), 9, 0.25)]
    RUN.assert_holds(submission, cases, draw=default_run, draws=1)


def bowl(x):
    """The gradient of a lopsided bowl whose axes are coupled, with its minimum off zero."""
    flat = np.ravel(x)
    steepness = np.arange(1.0, flat.size + 1) ** 3
    return (steepness * (flat - 0.3) + 0.5 * np.sum(flat)).reshape(np.shape(x))


def double_well(x):
    """The gradient of sum x**4 / 4 - x**2 / 2, which changes its sign on the way."""
    return x**3 - x


def probe_minimize(answer, runs):
    """The path of each run, and what became of x0; every second x0 is transposed."""
    found = []
    for number, (grad_fn, x0, steps, lr) in enumerate(runs):
        start = x0.copy(order="F" if number % 2 else "C")
        start.flags.writeable = number < 2
        found.append({"path": answer.adam_minimize(grad_fn, start, steps, lr), "x0": start})
    return found


@check("adam_minimize", points=0.5, hint="Is your current point a copy of `x0`, or `x0` itself? "
                                         "And where do the moments of the last run go?")
def test_run_leaves_traces(submission):
    """`x0` stays as it was, and each run starts afresh."""
    first, second = np.array([1.5, -0.75, 0.25]), np.array([[0.5, -2.0], [1.0, 0.125]])
    drawn = rng_of(submission).uniform(-1.5, 1.5, (2, 3))
    runs = [(bowl, x0, 6, 0.05) for x0 in (first, second, first, drawn, first)]
    runs.append((double_well, first, 6, 0.05))
    for (grad_fn, x0, *others), seen in zip(
        runs, submission.probe(probe_minimize, runs), strict=True
    ):
        given = f"adam_minimize, one run of several, x0 {x0.shape}"
        expect(same(seen["x0"], x0), "it changed x0 in place", given=given)
        assert_close(seen["path"], by_weighted_means(grad_fn, x0, *others), atol=1e-3,
                     **ROUGHLY, given=given)
    path = assert_afresh(submission, "adam_minimize", (bowl, first, 6, 0.05),
                         (bowl, 0.5 - first, 6, 0.05))
    assert_close(path, by_weighted_means(bowl, 0.5 - first, 6, 0.05), atol=1e-3, **ROUGHLY,
                 given="adam_minimize called again at another x0")
