"""Hidden checks of exercise 08: one step of Adam, one of AdamW, and a whole run.

Truth for a step is the paper's algorithm, entry by entry, in decimals of 28 digits. Truth for a
run is another reading of it: a bias-corrected moment is the weighted mean of all gradients so
far, with weights beta**age that are divided by their sum. It needs neither m nor v nor t.
"""

from decimal import Decimal

import numpy as np

from gradekit.grading import assert_afresh, assert_close, assert_unchanged, check, expect, same

RTOL = 1e-9  # any float64 formula is within 1e-12; float32 is off by 1e-7
ATOL = 1e-15  # where a step cancels nearly all of a parameter


def state(seed, shape, scale=1.0):
    """A parameter, its gradient and moments from earlier steps. The parameter is small, so that
    a difference in the step does not hide behind it; gradients differ by orders of magnitude."""
    rng = np.random.default_rng(seed)
    param = 0.1 * rng.normal(0.2, 1.0, shape)
    grad = scale * rng.normal(0.1, 1.0, shape) * 10.0 ** rng.integers(-2, 2, shape)
    m = scale * rng.normal(-0.1, 0.5, shape)
    return param, grad, m, (scale * rng.uniform(0.2, 1.5, shape)) ** 2


def fresh(param):
    """The moments before the first step."""
    return np.zeros(param.shape), np.zeros(param.shape)


def by_decimals(param, grad, m, v, t, lr, beta1, beta2, eps, weight_decay=0.0):
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
    return new


def judge_step(answer, wanted, given, parts=("param", "m", "v")):
    """Compare the named parts of (param, m, v), of the right kind first."""
    expect(isinstance(answer, tuple | list) and len(answer) == 3,
           "expected three arrays (param, m, v)", given=given)
    for place, name in enumerate(("param", "m", "v")):
        if name in parts:
            assert_close(answer[place], wanted[place], rtol=RTOL, atol=ATOL,
                         given=f"{given}, {name}")


DEFAULTS = (1e-3, 0.9, 0.999, 1e-8)
OTHERS = (0.25, 0.6, 0.95, 0.03)  # lr, beta1, beta2, eps: no two of them alike


# adam_step


@check("adam_step", points=1, hint="The moments start from zero, and after one step m is a tenth "
                                   "of the gradient. By what must you divide to have the whole of "
                                   "it?")
def test_forgets_the_bias_correction(submission):
    """The first step, from moments of zero, moves every parameter by about `lr`."""
    for seed, shape in [(1, (4,)), (2, (2, 3))]:
        param, grad, _, _ = state(seed, shape)
        m, v = fresh(param)
        judge_step(submission.adam_step(param, grad, m, v, 1),
                   by_decimals(param, grad, m, v, 1, *DEFAULTS),
                   f"adam_step with zero moments, t = 1, param {shape}", ["param"])


@check("adam_step", points=1, hint="What does the next step want to be given: the running "
                                   "averages, or what was made of them for this step alone?")
def test_returns_corrected_moments(submission):
    """m and v come back as running averages of the gradient and of its square."""
    for seed, shape, t in [(3, (5,), 1), (4, (3, 2), 4)]:
        param, grad, m, v = state(seed, shape)
        judge_step(submission.adam_step(param, grad, m, v, t),
                   by_decimals(param, grad, m, v, t, *DEFAULTS),
                   f"adam_step with t = {t}, param {shape}", ["m", "v"])


@check("adam_step", points=0.5, hint="Which number under the fraction bar is eps added to: v, its "
                                     "root, or the root of the corrected v?")
def test_puts_eps_in_another_place(submission):
    """A large `eps` tells where it is added: to the root of the corrected second moment."""
    for seed, t, eps in [(5, 1, 0.5), (6, 3, 0.125)]:
        param, grad, m, v = state(seed, (4,))
        judge_step(submission.adam_step(param, grad, m, v, t, eps=eps),
                   by_decimals(param, grad, m, v, t, 1e-3, 0.9, 0.999, eps),
                   f"adam_step with t = {t}, eps = {eps}", ["param"])


@check("adam_step", points=1, hint="Go through lr, beta1, beta2 and eps one by one. Where does "
                                   "each enter, and which average does each beta belong to?")
def test_mixes_up_its_settings(submission):
    """`lr`, `beta1`, `beta2` and `eps` have their effect, by position and by name."""
    for seed, t in [(7, 1), (8, 2), (9, 5)]:
        param, grad, m, v = state(seed, (2, 2))
        judge_step(submission.adam_step(param, grad, m, v, t, *OTHERS),
                   by_decimals(param, grad, m, v, t, *OTHERS),
                   f"adam_step(param, grad, m, v, {t}, 0.25, 0.6, 0.95, 0.03)")
    answer = submission.adam_step(v=v, m=m, grad=grad, param=param, t=3,
                                  eps=0.5, beta2=0.75, beta1=0.2, lr=0.01)
    judge_step(answer, by_decimals(param, grad, m, v, 3, 0.01, 0.2, 0.75, 0.5),
               "adam_step with t=3, lr=0.01, beta1=0.2, beta2=0.75, eps=0.5")


@check("adam_step", points=0.5, hint="Which power of beta belongs to the first step, which to the "
                                     "thousandth? What is left of the correction then?")
def test_miscounts_t(submission):
    """The correction follows `t`, from the first steps to the thousandth and beyond."""
    for seed, t in [(10, 2), (11, 7), (12, 60), (26, 120), (13, 1000), (14, 50_000)]:
        param, grad, m, v = state(seed, (3,))
        judge_step(submission.adam_step(param, grad, m, v, t, lr=0.5),
                   by_decimals(param, grad, m, v, t, 0.5, 0.9, 0.999, 1e-8),
                   f"adam_step with t = {t}, lr = 0.5", ["param"])


@check("adam_step", points=0.5, hint="Which defaults does the signature name? And what is 0 / 0, "
                                     "for a parameter that has never had a gradient?")
def test_has_other_defaults(submission):
    """Gradients as small as the default `eps` are damped, and zero gradients move nothing."""
    param, grad, m, v = state(15, (4,), scale=1e-8)
    judge_step(submission.adam_step(param, grad, m, v, 2),
               by_decimals(param, grad, m, v, 2, *DEFAULTS),
               "adam_step with gradients near 1e-8, t = 2", ["param"])
    # Where the gradient is zero now, the moments still move the parameter.
    param, grad, m, v = state(27, (4,))
    for zero in (slice(1, 3), slice(None)):
        grad[zero] = 0.0
        judge_step(submission.adam_step(param, grad, m, v, 2),
                   by_decimals(param, grad, m, v, 2, *DEFAULTS),
                   f"adam_step with gradients {grad.round(2)}, moments from before")
    param, zeros = np.array([0.5, -2.0, 3.0]), np.zeros(3)
    judge_step(submission.adam_step(param, zeros, zeros, zeros, 1), (param, zeros, zeros),
               "adam_step with zero gradients and moments")


def probe_shared_memory(answer, name, param, grad, m, v):
    """Whether something returned overlaps something given. Only the worker can see memory."""
    given = (param, grad, m, v)
    returned = getattr(answer, name)(param, grad, m, v, 2)
    return [bool(np.shares_memory(np.asarray(new), old)) for new in returned for old in given]


def judge_traces(submission, name, weight_decay):
    """Arguments unchanged, arrays new, calls independent, for either kind of step."""
    first, second = state(16, (2, 3)), state(17, (4,))
    third = (first[0], *state(19, (2, 3))[1:])  # the parameter of the first, all else new
    for arguments, t in ((first, 3), (first, 3), (second, 1), (third, 3), (first, 3)):
        answer = assert_unchanged(submission, name, *arguments, t)
        judge_step(answer, by_decimals(*arguments, t, *DEFAULTS, weight_decay),
                   f"{name} with t = {t}, one call of several")
    one = state(18, (1,))
    judge_step(getattr(submission, name)(*one, 2), by_decimals(*one, 2, *DEFAULTS, weight_decay),
               f"{name} with a parameter of shape (1,)")
    shared = submission.probe(probe_shared_memory, name, *first)
    expect(not any(shared), "an array that came back shares its memory with one that was given",
           given=f"{name}(param, grad, m, v, 2)")
    first, second = ((*state(seed, (2, 3)), 3) for seed in (28, 29))
    judge_step(assert_afresh(submission, name, first, second),
               by_decimals(*second, *DEFAULTS, weight_decay),
               f"{name} called again with other numbers")


@check("adam_step", points=0.5, hint="What does `m *= beta1` do to the caller's m? What does your "
                                     "function remember when it returns?")
def test_step_works_in_place(submission):
    """A step of Adam returns new arrays, changes no argument and remembers nothing."""
    judge_traces(submission, "adam_step", 0.0)


# adamw_step


@check("adamw_step", points=1, hint="If the decay is part of the gradient, what is it divided by "
                                    "later? Which two averages should never hear of it?")
def test_adds_the_decay_to_the_gradient(submission):
    """The decay goes past the moments: m and v are Adam's, and the parameter shrinks besides."""
    for seed, shape, t, decay in [(20, (4,), 1, 0.5), (21, (2, 3), 3, 0.125), (22, (3,), 9, 2.0)]:
        param, grad, m, v = state(seed, shape)
        settings = (*OTHERS, decay)
        judge_step(submission.adamw_step(param, grad, m, v, t, *settings),
                   by_decimals(param, grad, m, v, t, *settings),
                   f"adamw_step(param, grad, m, v, {t}, 0.25, 0.6, 0.95, 0.03, {decay})")
    answer = submission.adamw_step(weight_decay=0.25, eps=0.5, beta2=0.75, beta1=0.2, lr=0.01,
                                   t=3, v=v, m=m, grad=grad, param=param)
    judge_step(answer, by_decimals(param, grad, m, v, 3, 0.01, 0.2, 0.75, 0.5, 0.25),
               "adamw_step with t=3, lr=0.01, beta1=0.2, beta2=0.75, eps=0.5, weight_decay=0.25")


@check("adamw_step", points=0.5, hint="Two things are taken off the parameter. Which value of it "
                                      "is the decay a share of, and does the learning rate belong "
                                      "to both?")
def test_decays_another_value(submission):
    """The decay is lr * weight_decay of the parameter from before the update."""
    param, grad, m, v = state(23, (4,))
    for lr, decay in [(0.5, 0.5), (0.125, 4.0), (0.5, 0.0)]:
        judge_step(submission.adamw_step(param, grad, m, v, 2, lr=lr, weight_decay=decay),
                   by_decimals(param, grad, m, v, 2, lr, 0.9, 0.999, 1e-8, decay),
                   f"adamw_step with t = 2, lr = {lr}, weight_decay = {decay}", ["param"])
    param, zeros = np.array([0.5, -2.0, 3.0]), np.zeros(3)
    judge_step(submission.adamw_step(param, zeros, zeros, zeros, 1, lr=0.5, weight_decay=0.5),
               (param * 0.75, zeros, zeros),
               "adamw_step with zero gradients and moments, lr = 0.5, weight_decay = 0.5")


@check("adamw_step", points=0.5, hint="Which defaults does the signature name, for the decay and "
                                      "for all that is like Adam?")
def test_decays_by_another_default(submission):
    """With nothing but `t` given, lr is 1e-3, the betas are 0.9 and 0.999, the decay is 0.01."""
    param, grad, m, v = state(24, (4,), scale=1e-8)
    judge_step(submission.adamw_step(300.0 * param, grad, m, v, 2),
               by_decimals(300.0 * param, grad, m, v, 2, *DEFAULTS, 0.01),
               "adamw_step with parameters near 30, gradients near 1e-8, t = 2")
    param, grad, _, _ = state(25, (2, 3))
    m, v = fresh(param)
    judge_step(submission.adamw_step(param, grad, m, v, 1),
               by_decimals(param, grad, m, v, 1, *DEFAULTS, 0.01),
               "adamw_step with zero moments, t = 1")


@check("adamw_step", points=0.5, hint="Does `param *= 1 - lr * weight_decay` make a new array? "
                                      "What does your function remember when it returns?")
def test_decay_works_in_place(submission):
    """A step of AdamW returns new arrays, changes no argument and remembers nothing."""
    judge_traces(submission, "adamw_step", 0.01)


# adam_minimize. The gradient functions run where the submission runs, so they are plain maths.


def bowl(x):
    """The gradient of a lopsided bowl whose axes are coupled, with its minimum off zero."""
    flat = np.ravel(x)
    steepness = np.arange(1.0, flat.size + 1) ** 3
    return (steepness * (flat - 0.3) + 0.5 * np.sum(flat)).reshape(np.shape(x))


def faint_bowl(x):
    """The same with gradients as small as eps."""
    return 1e-8 * bowl(x)


def steep_bowl(x):
    """The same with gradients of many thousands."""
    return 1e4 * bowl(x)


def plateau(x):
    """The gradient of max(0, |x| - 1): exactly zero near the origin."""
    return np.sign(x) * (np.abs(x) > 1.0)


def steeper_rows(x):
    """The gradient of a bowl that is steeper in each row, for points with rows only."""
    return x * np.arange(1.0, len(x) + 1).reshape(-1, *[1] * (np.ndim(x) - 1)) + x[-1]


def double_well(x):
    """The gradient of sum x**4 / 4 - x**2 / 2, which changes its sign on the way."""
    return x**3 - x


def by_weighted_means(grad_fn, x0, steps, lr):
    """All points of a run, from the weighted means of all gradients so far."""
    points, grads = [x0], []
    for _ in range(steps):
        grads.append(grad_fn(points[-1]))
        age = np.arange(len(grads))[::-1]
        mean = np.average(grads, axis=0, weights=0.9**age)
        mean_square = np.average(np.square(grads), axis=0, weights=0.999**age)
        points.append(points[-1] - lr * mean / (np.sqrt(mean_square) + 1e-8))
    return np.array(points)


def judge_path(path, grad_fn, x0, steps, lr, given):
    assert_close(path, by_weighted_means(grad_fn, x0, steps, lr),
                 rtol=1e-8, atol=1e-10,  # rounding grows along a path, to 1e-13 in these
                 given=given)


def probe_minimize(answer, grad_fn, x0, steps, lr):
    """The path, and what became of x0."""
    return {"path": answer.adam_minimize(grad_fn, x0, steps, lr), "x0": x0}


@check("adam_minimize", points=1, hint="What has to survive from one step to the next, and what "
                                       "has to count up? From which number?")
def test_restarts_the_moments(submission):
    """Moments and step number are carried from each step to the next."""
    x0 = np.array([1.5, -0.75, 0.25])
    judge_path(submission.adam_minimize(bowl, x0, 30, 0.05), bowl, x0, 30, 0.05,
               "adam_minimize(grad_fn, [1.5, -0.75, 0.25], 30, 0.05)")
    x0 = np.array([-0.1, 1.75, -2.5, 0.6])
    answer = submission.adam_minimize(grad_fn=double_well, x0=x0, steps=40, lr=0.125)
    judge_path(answer, double_well, x0, 40, 0.125,
               "adam_minimize(grad_fn=..., x0=..., steps=40, lr=0.125)")
    x0 = np.array([1.5, -0.75])
    judge_path(submission.adam_minimize(steep_bowl, x0, 9, 0.25), steep_bowl, x0, 9, 0.25,
               "adam_minimize(grad_fn, [1.5, -0.75], 9, 0.25) with gradients of 10000 and more")
    # The moments carry it on where there is no gradient any more.
    x0 = np.array([1.3125, -1.1875])
    judge_path(submission.adam_minimize(plateau, x0, 12, 0.125), plateau, x0, 12, 0.125,
               "adam_minimize(grad_fn, [1.3125, -1.1875], 12, 0.125), zero gradients at the end")


@check("adam_minimize", points=0.5, hint="How many points does one visit in `steps` steps, the "
                                         "start included? Are they different arrays, or one array "
                                         "many times?")
def test_loses_points_of_the_path(submission):
    """The answer has steps + 1 points, `x0` first, each shaped like `x0`."""
    for shape in [(2, 3), (1,), (2, 1, 2)]:
        x0 = np.linspace(-1.0, 1.25, int(np.prod(shape))).reshape(shape)
        for steps in (0, 1, 4):
            judge_path(submission.adam_minimize(bowl, x0, steps, 0.25), bowl, x0, steps, 0.25,
                       f"adam_minimize(grad_fn, x0, {steps}, 0.25) with x0 of shape {shape}")
        judge_path(submission.adam_minimize(steeper_rows, x0, 4, 0.25), steeper_rows, x0, 4, 0.25,
                   f"adam_minimize(grad_fn, x0, 4, 0.25) with x0 of shape {shape}, by rows")


@check("adam_minimize", points=0.5, hint="The default learning rate here is not that of a single "
                                         "step. Which betas and which eps does a run take?")
def test_run_has_other_defaults(submission):
    """Without an `lr` it is 1e-2; the betas and eps are those of `adam_step`."""
    x0 = np.array([0.5, -1.25])
    judge_path(submission.adam_minimize(bowl, x0, 12), bowl, x0, 12, 1e-2,
               "adam_minimize(grad_fn, [0.5, -1.25], 12)")
    judge_path(submission.adam_minimize(faint_bowl, x0, 9, 0.25), faint_bowl, x0, 9, 0.25,
               "adam_minimize(grad_fn, [0.5, -1.25], 9, 0.25) with gradients near 1e-8")


@check("adam_minimize", points=0.5, hint="Is your current point a copy of `x0`, or `x0` itself? "
                                         "And where do the moments of the last run go?")
def test_run_leaves_traces(submission):
    """`x0` stays as it was, and each run starts afresh."""
    first, second = np.array([1.5, -0.75, 0.25]), np.array([[0.5, -2.0], [1.0, 0.125]])
    for x0 in (first, first, second, first):
        seen = submission.probe(probe_minimize, bowl, x0, 6, 0.05)
        expect(same(seen["x0"], x0), "it changed x0 in place")
        judge_path(seen["path"], bowl, x0, 6, 0.05, "adam_minimize, one run of several")
    judge_path(submission.adam_minimize(double_well, first, 6, 0.05), double_well, first, 6, 0.05,
               "adam_minimize of another grad_fn from the same x0")
    path = assert_afresh(submission, "adam_minimize", (bowl, first, 6, 0.05),
                         (bowl, 0.5 - first, 6, 0.05))
    judge_path(path, bowl, 0.5 - first, 6, 0.05, "adam_minimize called again at another x0")
