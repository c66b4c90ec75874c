"""Hidden checks of exercise 36: schedule, decay groups, moving averages and checkpoint means.

Truth of the schedule is a squared cosine of half the angle, on progress counted in fractions.
Truth about modules comes from the recipe that they are built from: paths, shapes, and which
tensors are trainable, tied or persistent. Means of checkpoints are sums of fractions, which are
exact, rounded once.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from gradekit.grading import (
    Mismatch,
    Truth,
    assert_close,
    assert_number,
    assert_tensor,
    check,
    expect,
    rng_of,
    same,
    seeds_of,
    show,
)
from gradekit.grading.training import assert_untouched, numbers, random_states, snapshot

# Not drawn: the refusal of checkpoints with different keys, which is the type of an error.

F32, F64 = torch.float32, torch.float64
# In float64 parameters lie near 2**20, where float32 on the way would be off by 6e-8 of that. A
# decay that was kept in float32 moves their mean by 1e-7 only.
OFFSET = {F32: 0.0, F64: 2.0**20}
TOLERANCE = {F32: {"rtol": 1e-5, "atol": 1e-6}, F64: {"rtol": 1e-9, "atol": 0.0}}


# ---- warmup_cosine -------------------------------------------------------------------------------


def by_half_angle(step, peak, warmup_steps, total_steps, minimum=0.0):
    """(1 + cos a) / 2 is the square of cos(a / 2)."""
    if step < warmup_steps:
        return float(Fraction(step + 1, warmup_steps) * Fraction(peak))
    if step >= total_steps:
        return float(minimum)
    progress = Fraction(step - warmup_steps, total_steps - warmup_steps)
    return minimum + (peak - minimum) * math.cos(math.pi / 2 * float(progress)) ** 2


def judge_rate(actual, expected, step, peak, *_, **__):
    # A cosine in float32 is off by 1e-7 of the peak; one step in a hundred is 1e-4 of it.
    assert_close(assert_number(actual), expected, rtol=1e-5, atol=1e-6 * peak)


def schedules(st):
    """Steps of short schedules."""
    return st.tuples(
        st.integers(0, 6), st.sampled_from([1.0, 2.0]), st.integers(0, 3), st.integers(0, 4),
        st.sampled_from([0.0, 0.5]),
    ).map(lambda t: (t[0], t[1], t[2], t[2] + t[3], t[4]))  # fmt: skip


RATE = Truth("warmup_cosine", by_half_angle, inputs=schedules, rtol=1e-5, judge=judge_rate)


def some_schedule(rng):
    """A peak, warm-up steps and all steps; a few of either kind at least."""
    warmup = int(rng.integers(3, 40))
    return round(float(rng.uniform(1e-4, 2.0)), 5), warmup, warmup + int(rng.integers(5, 200))


def draw_rising(rng):
    peak, warmup, total = some_schedule(rng)
    return int(rng.integers(0, warmup + 1)), peak, warmup, total


def draw_falling(rng):
    peak, warmup, total = some_schedule(rng)
    return int(rng.integers(warmup + 1, total)), peak, warmup, total


def draw_minimum(rng):
    peak, warmup, total = some_schedule(rng)
    args = int(rng.integers(warmup + 1, 2 * total)), peak, warmup, total
    return args, {"minimum": round(peak * float(rng.uniform(0.05, 0.5)), 6)}


def draw_edge(rng):
    peak, warmup, _ = some_schedule(rng)
    step = int(rng.integers(warmup - 2, warmup + 3))
    return (step, peak, warmup, warmup, 0.125) if rng.random() < 0.5 else (step, peak, 0, warmup)


@check("warmup_cosine", points=0.5,
       hint="Write down the rates of four warm-up steps, counted from 0. Which two steps get the "
            "peak?")  # fmt: skip
def test_begins_at_zero(submission):
    """The rate of a warm-up step is peak * (step + 1) / warmup_steps, whatever the minimum."""
    cases = [(step, 1.0, 4, 8) for step in range(5)]
    cases += [(0, 3e-4, 100, 1000), (98, 3e-4, 100, 1000), (99, 3e-4, 100, 1000),
              (100, 3e-4, 100, 1000), (0, 0.5, 1, 10), (1, 2.0, 10, 20, 0.5),
              (0, 2.0, 5, 20, 1.0)]  # fmt: skip
    RATE.assert_holds(submission, cases, draw=draw_rising, draws=4)


@check("warmup_cosine", points=0.5,
       hint="How far along the cosine is a step: from which step on is it counted, and over how "
            "many? What is the rate half-way?")  # fmt: skip
def test_falls_otherwise(submission):
    """After the warm-up the rate follows half a cosine, from the peak to the last step."""
    cases = [(step, 1.0, 4, 8) for step in (5, 6, 7)]
    cases += [(300, 3e-4, 100, 1000), (550, 3e-4, 100, 1000), (999, 3e-4, 100, 1000),
              (11, 1.0, 10, 13), (50, 2.0, 20, 120)]  # fmt: skip
    by_name = (), {"step": 5, "peak": 0.5, "warmup_steps": 2, "total_steps": 10}
    RATE.assert_holds(submission, [*cases, by_name], draw=draw_falling, draws=4)


@check("warmup_cosine", points=0.5,
       hint="Between which two values does the cosine move? And what does it do if nobody stops it "
            "at the last step?")  # fmt: skip
def test_ends_elsewhere(submission):
    """The cosine ends at the minimum, where the rate stays, however many steps follow."""
    cases = [
        (6, 1.0, 4, 8, 0.5), (5, 1.0, 4, 8, 0.25), (8, 1.0, 4, 8), (8, 1.0, 4, 8, 0.125),
        (9, 1.0, 4, 8), (12, 1.0, 4, 8, 0.125), (10**6, 3e-4, 100, 1000, 3e-5),
        (550, 3e-4, 100, 1000, 3e-5), (1000, 3e-4, 100, 1000), (1900, 3e-4, 100, 1000),
        (1, 0.5, 4, 8, 0.5), (5, 0.5, 4, 8, 0.5), (8, 0.5, 4, 8, 0.5),  # nothing to fall to
    ]  # fmt: skip
    RATE.assert_holds(submission, [*cases, ((7, 2.0, 5, 9), {"minimum": 0.25})],
                      draw=draw_minimum, draws=4)  # fmt: skip


@check("warmup_cosine", points=0.5,
       hint="Which of your divisions is by zero without a warm-up, and which where the warm-up is "
            "all there is?")  # fmt: skip
def test_divides_by_zero(submission):
    """It works without a warm-up, with nothing after the warm-up, and with a single step."""
    cases = [
        (0, 1.0, 0, 4), (1, 1.0, 0, 4), (4, 1.0, 0, 4), (3, 1.0, 4, 4), (4, 1.0, 4, 4),
        (0, 1.0, 4, 4), (5, 1.0, 4, 4, 0.125), (4, 1.0, 4, 4, 0.125), (0, 2.0, 0, 1),
        (0, 1.0, 0, 0, 0.25), (1, 1.0, 0, 0), (0, 2.0, 1, 1), (1, 2.0, 1, 2), (1, 1.0, 1, 1),
    ]  # fmt: skip
    RATE.assert_holds(submission, cases, draw=draw_edge, draws=4)


# ---- modules from recipes, on both sides ---------------------------------------------------------


class Holder(nn.Module):
    """Has what is put into it."""


def place_of(root, path):
    """The module that a path leads to, made where it is missing, and the last name."""
    *parents, name = path.split(".")
    for part in parents:
        if part not in root._modules:
            root.add_module(part, Holder())
        root = root._modules[part]
    return root, name


LAYERS = {
    "of an Embedding": lambda shape: nn.Embedding(*shape, _weight=torch.ones(shape)),
    "of a LayerNorm": nn.LayerNorm,
}


def built(recipe, seed, dtype):
    """A module from (path, kind, shape); the kind says what is special about a tensor."""
    normal, root, known = numbers(seed, dtype), Holder(), {}
    for path, kind, shape in recipe:
        if kind in LAYERS:
            root.add_module(path.partition(".")[0], LAYERS[kind](shape))
            continue
        holder, name = place_of(root, path)
        if kind.startswith("same as "):
            holder.register_parameter(name, known[kind.removeprefix("same as ")])
            continue
        if kind.startswith("equal to "):
            known[path] = nn.Parameter(known[kind.removeprefix("equal to ")].detach().clone())
            holder.register_parameter(name, known[path])
            continue
        tensor = normal(*shape)
        if kind in ("trained", "frozen"):
            known[path] = nn.Parameter(tensor + OFFSET[dtype], requires_grad=kind == "trained")
            holder.register_parameter(name, known[path])
        elif kind == "none":
            holder.register_buffer(name, None)
        else:
            number = (tensor * 100).long()
            tensor = {"count": number, "flag": number > 0}.get(kind, tensor)
            holder.register_buffer(name, tensor, persistent=kind != "hidden")
    return root


NAMES = "weight", "bias", "gain", "scale", "table", "norm"


def some_tensors(rng, count, kinds=("trained",)):
    """A recipe of so many parameters of nought to four axes, at some depth."""
    recipe = []
    for number in range(count):
        shape = tuple(int(n) for n in rng.integers(1, 4, int(rng.integers(0, 5))))
        depth = [f"part{k}" for k in range(int(rng.integers(0, 3)))]
        path = ".".join([*depth, f"{rng.choice(NAMES)}{number}"])
        recipe.append((path, str(rng.choice(kinds)), shape))
    return recipe


# ---- parameter_groups ----------------------------------------------------------------------------


def probe_groups(answer, recipe, weight_decay, by_name=None):
    """What each group holds, by name, and, unless `by_name` is None, the model before and after."""
    model = built(recipe, 1, torch.float32)
    first = [path for path, kind, _ in recipe if not kind.startswith("same as ")]
    names = {id(model.get_parameter(path)): path for path in first}
    for number, module in enumerate(model.modules()):
        module.training = number % 2 == 0
    around = [] if by_name is None else [snapshot(model)]
    if by_name:
        groups = answer.parameter_groups(model=model, weight_decay=weight_decay)
    else:
        groups = answer.parameter_groups(model, weight_decay)
    seen = []
    for group in groups:
        if not isinstance(group, dict):
            return type(groups).__name__, f"a {type(group).__name__} in it", False, around
        params = group.get("params", ())
        kind = "list" if isinstance(params, list) else type(params).__name__
        params = [params] if isinstance(params, torch.Tensor) else [*params]
        inside = [names.get(id(p), "no parameter of the model") for p in params]
        seen.append({
            "names": inside, "decay": group.get("weight_decay"), "kind": kind,
            "keys": sorted(k for k in group if k in ("params", "weight_decay")),
        })  # fmt: skip
    kind = "list" if isinstance(groups, list) else type(groups).__name__
    if around:
        around.append(snapshot(model))
    return kind, seen, True, around


def groups_of(submission, cases):
    """For each (recipe, weight_decay): the call in words, the recipe, and the groups."""
    for (recipe, weight_decay, *_), got in submission.each_probe(probe_groups, cases):
        shown = ", ".join(f"{path} {kind} {shape}" for path, kind, shape in recipe)
        given = f"parameter_groups(a model with {shown}, {weight_decay})"
        expect(got[2], f"expected dicts, got {got[1]}", given=given)
        yield given, recipe, weight_decay, got


def names_in(groups):
    return sorted(name for group in groups for name in group["names"])


PLAIN = [
    ("table", "trained", (5, 3)), ("block.norm.weight", "trained", (3,)),
    ("block.norm.bias", "trained", (3,)), ("block.fc.weight", "trained", (4, 3)),
    ("block.fc.bias", "trained", (4,)), ("conv.kernel", "trained", (2, 2, 3, 3)),
]  # fmt: skip
# Where names and dimensions disagree: by dimensions.
STRANGE = [
    ("scale", "trained", ()), ("bias", "trained", (1, 4)), ("norm.weight", "trained", (2, 3)),
    ("fc.weight", "trained", (6,)), ("cube", "trained", (2, 1, 2)), ("line", "trained", (1,)),
    ("long", "trained", (40,)), ("inner.norm.bias", "trained", (1, 1)),
]  # fmt: skip
# Layers that are often left without a decay, whatever their dimensions.
SPARED = [
    ("table.weight", "of an Embedding", (5, 3)), ("norm.weight", "of a LayerNorm", (2, 3)),
    ("head.weight", "trained", (5, 3)), ("head.bias", "trained", (5,)),
]  # fmt: skip


@check("parameter_groups", points=0.5,
       hint="Does a bias of shape (1, 4) decay, and a weight of shape (6,)? What tells them "
            "apart?")  # fmt: skip
def test_goes_by_names_or_layers(submission):
    """Parameters of two or more dimensions decay, the others do not."""
    rng = rng_of(submission)
    drawn = some_tensors(rng, 7), float(np.round(rng.uniform(0.01, 0.9), 3))
    cases = [(PLAIN, 0.1), (STRANGE, 0.01), (SPARED, 0.1), drawn]
    for given, recipe, weight_decay, (_, groups, *_) in groups_of(submission, cases):
        decays = {n: group["decay"] or 0.0 for group in groups for n in group["names"]}
        for path, _, shape in recipe:
            wanted = weight_decay if len(shape) >= 2 else 0.0
            expect(path in decays, f"{path} {shape} is in no group", given=given)
            expect(decays[path] == wanted, f"{path} {shape}: expected a weight decay of {wanted}, "
                   f"got {show(decays[path])}", given=given)  # fmt: skip


@check("parameter_groups", points=0.5,
       hint="What does an optimiser do with a parameter that gets no gradient, and why would it "
            "have to keep its moments?")  # fmt: skip
def test_takes_frozen_ones(submission):
    """Frozen parameters are in neither group, and all trainable ones are in one."""
    mixed = [(path, "frozen" if number % 2 else kind, shape)
             for number, (path, kind, shape) in enumerate(PLAIN)]  # fmt: skip
    rng = rng_of(submission)
    cases = [(PLAIN[:2] + [("head", "frozen", (3, 3))], 0.1), (mixed, 0.1),
             (some_tensors(rng, 4, ("trained", "frozen")) + mixed[:2], 0.2)]  # fmt: skip
    for given, recipe, _, (_, groups, *_) in groups_of(submission, cases):
        # Sets: how often a parameter comes is for another check.
        wanted = sorted(path for path, kind, _ in recipe if kind == "trained")
        got = sorted(set(names_in(groups)))
        expect(got == wanted, f"expected {wanted} in the groups, got {got}", given=given)


TIED = [*PLAIN, ("head.weight", "same as table", ()), ("again", "same as block.norm.bias", ())]
# New layers begin with equal values, such as zeros: these are Parameters of their own.
ALIKE = [*PLAIN, ("fc.bias", "equal to block.fc.bias", (4,)), ("new", "equal to table", (5, 3))]


@check("parameter_groups", points=0.5,
       hint="The output layer shares the embedding's table. How often does your loop meet that "
            "Parameter?")  # fmt: skip
def test_repeats_tied_ones(submission):
    """A parameter that stands in the model under several names comes once."""
    rng = rng_of(submission)
    recipe = some_tensors(rng, 4)
    twice = [(f"x.again{number}", f"same as {path}", ()) for number, (path, *_) in
             enumerate(recipe[: int(rng.integers(1, 4))])]  # fmt: skip
    cases = [(TIED, 0.1), (ALIKE, 0.1), (recipe + twice, 0.2)]
    for given, parts, _, (_, groups, *_) in groups_of(submission, cases):
        wanted = sorted(path for path, kind, _ in parts if not kind.startswith("same"))
        got = names_in(groups)
        for path in sorted({*wanted, *got}):
            times, once = got.count(path), wanted.count(path)
            expect(times == once, f"expected {path} in the groups {once} time, got it {times} "
                   "times", given=given)  # fmt: skip


@check("parameter_groups", points=0.5,
       hint="What does torch.optim.AdamW(groups) ask of each group? And what stays of a group "
            "without a decay of its own?")  # fmt: skip
def test_is_no_list_of_groups(submission):
    """At most two groups, each with a list of the model's Parameters and a decay of its own."""
    rng = rng_of(submission)
    drawn = some_tensors(rng, 3), float(np.round(rng.uniform(0.01, 0.9), 3))
    frozen = [("head", "frozen", (3, 3))]
    cases = [(PLAIN, 0.1, False), (PLAIN[:2] + frozen, 0.0, False), (PLAIN[:1], 0.1, False),
             (PLAIN[1:3], 0.25, True), (*drawn, False)]  # fmt: skip
    for given, _, weight_decay, (kind, groups, _, around) in groups_of(submission, cases):
        expect(kind == "list", f"expected a list, got a {kind}", given=given)
        expect(1 <= len(groups) <= 2, f"expected two groups, got {len(groups)}", given=given)
        decays = []
        for group in groups:
            expect(group["keys"] == ["params", "weight_decay"],
                   f"expected params and weight_decay in each group, got {group['keys']}",
                   given=given)  # fmt: skip
            expect(group["kind"] == "list", f"expected a list of params, got a {group['kind']}",
                   given=given)  # fmt: skip
            inside = "no parameter of the model" not in group["names"]
            expect(inside, "its params are not the model's own", given=given)
            decays.append(assert_number(group["decay"], given=f"{given}, weight_decay"))
        allowed = ([weight_decay, 0.0], [0.0, weight_decay], [weight_decay], [0.0])
        expect(decays in allowed, f"expected the weight decays {weight_decay} and 0.0, got "
               f"{decays}", given=given)  # fmt: skip
        assert_untouched(*around, given=f"the model after {given}")


# ---- ema_update ----------------------------------------------------------------------------------


def everything(module):
    """Copies of all parameters and buffers by all of their names."""
    seen = {n: p.detach().clone() for n, p in module.named_parameters(remove_duplicate=False)}
    seen.update({n: b.detach().clone() for n, b in module.named_buffers()})
    return seen


def probe_average(answer, recipe, seed, dtype, decays):
    """All tensors of an average after a call for each decay, with recording switched off."""
    average, model = built(recipe, seed, dtype), built(recipe, seed + 1, dtype)
    seen = []
    for decay in decays:
        with torch.no_grad():
            answer.ema_update(average, model, decay)
        seen.append(everything(average))
    return seen


def probe_objects(answer, recipe, seed, decay):
    """Whether the Parameters are the same ones, and their flags, before and after."""
    average, model = built(recipe, seed, torch.float32), built(recipe, seed + 1, torch.float32)
    for number, parameter in enumerate(average.parameters()):
        parameter.requires_grad_(number % 3 == 0)
    old = [*average.named_parameters(remove_duplicate=False)]
    flags = [p.requires_grad for _, p in old]
    with torch.no_grad():
        answer.ema_update(average, model, decay)
    new = dict(average.named_parameters(remove_duplicate=False))
    replaced = [name for name, p in old if new.get(name) is not p]
    return replaced, flags, [p.requires_grad for _, p in old], everything(average)


def probe_sharing(answer, recipe, seed, decay):
    """An average before and after the model is overwritten, and the other way round."""
    average, model = built(recipe, seed, torch.float32), built(recipe, seed + 1, torch.float32)
    seen = []
    with torch.no_grad():
        answer.ema_update(average, model, decay)
        for one, other in ((average, model), (model, average)):
            seen.append(everything(one))
            for tensor in (*other.parameters(), *other.buffers()):
                tensor.zero_()
            seen.append(everything(one))
    return seen


def probe_recording(answer, recipe, seed, decay):
    """What autograd knows of the average after a call with recording on, and then off."""
    average, model = built(recipe, seed, torch.float32), built(recipe, seed + 1, torch.float32)
    for module in (average, model):
        for parameter in module.parameters():
            parameter.requires_grad_(True)
    with torch.enable_grad():  # an answer that needs no gradients may switch them off on import
        answer.ema_update(average, model, decay)
        modes = [torch.is_grad_enabled()]
    recorded = [n for n, p in average.named_parameters() if p.grad_fn is not None or not p.is_leaf]
    recorded += [n for n, b in average.named_buffers() if b.requires_grad]
    values = everything(average)
    with torch.no_grad():
        answer.ema_update(average, model, decay)
        modes.append(torch.is_grad_enabled())
    return recorded, modes, values


def probe_followed(answer, recipe, seed, decay):
    """The model and both sides' modes before and after, and torch's random states."""
    average, model = built(recipe, seed, torch.float32), built(recipe, seed + 1, torch.float32)
    for number, module in enumerate((*average.modules(), *model.modules())):
        module.training = number % 2 == 0
    before = snapshot(model), snapshot(average, parts=["modes"])
    hidden = everything(model)
    with torch.no_grad():
        given = {"average": average, "model": model, "decay": decay}
        states = random_states(lambda: answer.ema_update(**given), (3, 4))
    after = snapshot(model), snapshot(average, parts=["modes"])
    return before, after, (hidden, everything(model)), states, everything(average)


def averaged(own, new, decay):
    """decay * own + (1 - decay) * new, number by number."""
    pairs = zip(own.flatten().tolist(), new.flatten().tolist(), strict=True)
    values = [math.fsum((decay * a, (1 - decay) * b)) for a, b in pairs]
    return torch.tensor(values, dtype=own.dtype).reshape(own.shape)


def parameters_of(recipe):
    return [path for path, kind, _ in recipe if kind in ("trained", "frozen") or kind[:4] == "same"]


def buffers_of(recipe):
    return [path for path, kind, _ in recipe if kind in ("buffer", "hidden", "count", "flag")]


def assert_averages(submission, cases):
    """The parameters after each call, for (recipe, seed, dtype, decays)."""
    for (recipe, seed, dtype, decays), seen in submission.each_probe(probe_average, cases):
        own, new = (everything(built(recipe, number, dtype)) for number in (seed, seed + 1))
        for number, (decay, got) in enumerate(zip(decays, seen, strict=True), start=1):
            own = {name: averaged(own[name], new[name], decay) for name in parameters_of(recipe)}
            for name, wanted in own.items():
                given = f"{name} after call {number} of ema_update(..., {decay})"
                expect(name in got, "it is gone", given=given)
                assert_close(got[name], wanted, given=given, **TOLERANCE[dtype])


SMALL = [("weight", "trained", (2, 3)), ("inner.bias", "frozen", (3,)), ("inner.deep.scale",
         "trained", ()), ("cube", "frozen", (2, 1, 2))]  # fmt: skip
BUFFERS = [
    ("weight", "trained", (2,)), ("mean", "buffer", (3,)), ("steps", "count", ()),
    ("inner.mask", "flag", (4,)), ("inner.cache", "hidden", (2, 2)), ("inner.none", "none", ()),
    ("inner.deep.var", "buffer", (2, 1)), ("inner.deep.order", "count", (3,)),
]  # fmt: skip
SHARED = [
    ("table", "trained", (3, 2)), ("gain", "trained", (2,)), ("head.weight", "same as table", ()),
    ("inner.gain", "same as gain", ()), ("inner.deep.gain", "same as gain", ()),
]  # fmt: skip


@check("ema_update", points=0.5,
       hint="With a decay of 0.99, how far does the average move in one step: by a hundredth of "
            "the way, or all but a hundredth? Do frozen parameters move?")  # fmt: skip
def test_weighs_them_otherwise(submission):
    """Each parameter, trainable or not, becomes decay * its own + (1 - decay) * the model's."""
    rng = rng_of(submission)
    decay = float(np.round(rng.uniform(0.6, 0.95), 3))
    assert_averages(submission, [
        (SMALL, 1, F32, [0.9, 0.75]),
        (SMALL, 3, F64, [0.999]),
        (SMALL, 7, F32, [1.0, 0.25, 0.0]),
        (some_tensors(rng, 3, ("trained", "frozen")), int(rng.integers(2**30)), F32, [decay]),
        (SMALL, int(rng.integers(2**30)), F64, [decay, decay]),
    ])  # fmt: skip


@check("ema_update", points=0.5,
       hint="Which tensors of a BatchNorm are no parameters? What is a mean of step counters? And "
            "which buffers does a state dict leave out?")  # fmt: skip
def test_averages_or_forgets_buffers(submission):
    """Each buffer, of integers or not persistent ones too, is afterwards a copy of the model's."""
    for seed in (11, *seeds_of(submission, 1)):
        seen = submission.probe(probe_average, BUFFERS, seed, F32, [0.75, 0.5])
        new = everything(built(BUFFERS, seed + 1, F32))
        for got in seen:
            for name in buffers_of(BUFFERS):
                expect(name in got, "it is gone", given=f"the buffer {name}")
                expect(same(got[name], new[name]), f"expected the model's {show(new[name])}, got "
                       f"{show(got[name])}", given=f"the buffer {name}")  # fmt: skip


@check("ema_update", points=0.5,
       hint="A table that has two names is one Parameter. How often is it multiplied by the decay "
            "in one call?")  # fmt: skip
def test_moves_tied_ones_twice(submission):
    """A parameter that stands in the module under several names moves once."""
    rng = rng_of(submission)
    decay = float(np.round(rng.uniform(0.3, 0.9), 3))
    assert_averages(submission, [
        (SHARED, 13, F32, [0.5]),
        (SHARED, 15, F64, [0.9, 0.75]),
        (SHARED, int(rng.integers(2**30)), F32, [decay]),
    ])  # fmt: skip


@check("ema_update", points=0.5,
       hint="Somebody holds a reference to a Parameter of the average, an optimiser for example. "
            "Does your line write into it, or put another one in its place?")  # fmt: skip
def test_replaces_parameters(submission):
    """The average's Parameters stay the same objects, with the requires_grad that they had."""
    decay = float(rng_of(submission).uniform(0.3, 0.9))
    cases = [(SMALL + SHARED[:1], 17, 0.0), (SHARED, 21, decay)]
    for (recipe, seed, decay), (replaced, *flags, values) in submission.each_probe(
        probe_objects, cases
    ):
        given = f"ema_update(average, model, {decay})"
        expect(not replaced, f"these are other Parameters afterwards: {replaced}", given=given)
        expect(flags[0] == flags[1], f"expected requires_grad {flags[0]}, got {flags[1]}",
               given=given)  # fmt: skip
        moved(values, recipe, seed, given)


def moved(values, recipe, seed, given):
    """Fail where nothing at all has been written: how it moves is for another check."""
    own = everything(built(recipe, seed, F32))
    still = all(same(values.get(name), own[name]) for name in parameters_of(recipe))
    expect(not still, "no parameter has moved", given=given)


@check("ema_update", points=0.5,
       hint="The model goes on training. Which of your lines hand its own tensors over to the "
            "average?")  # fmt: skip
def test_shares_memory(submission):
    """Afterwards nothing that is written to one of the two reaches the other."""
    seed = seeds_of(submission, 1)[0]
    cases = [(BUFFERS + SMALL[1:], 23, 0.0), (BUFFERS + SHARED[1:2], seed, 0.5)]
    for (recipe, seed, decay), (average, later, model, latest) in submission.each_probe(
        probe_sharing, cases
    ):
        given = f"ema_update(average, model, {decay})"
        expect(same(average, later), "the average changed when the model was set to zero",
               given=given)  # fmt: skip
        expect(same(model, latest), "the model changed when the average was set to zero",
               given=given)  # fmt: skip
        moved(average, recipe, seed, given)


@check("ema_update", points=0.5,
       hint="What does autograd make of an update of a parameter that requires a gradient? And is "
            "recording on or off when your function returns?")  # fmt: skip
def test_records_for_autograd(submission):
    """Nothing is recorded, though the caller has recording on, and that stays as it was."""
    seed = seeds_of(submission, 1)[0]
    cases = [(BUFFERS + SMALL[1:], 27, 0.5), (SHARED, seed, 0.9)]
    for (recipe, seed, decay), (recorded, modes, values) in submission.each_probe(
        probe_recording, cases
    ):
        given = f"ema_update(average, model, {decay}) without torch.no_grad() around it"
        expect(not recorded, f"autograd has recorded something for {recorded}", given=given)
        expect(modes == [True, False], f"expected recording on and off as before, got {modes}",
               given=given)  # fmt: skip
        moved(values, recipe, seed, given)


@check("ema_update", points=0.5,
       hint="Which of the two modules learns from the other? Does any of your lines write to the "
            "model, or set a mode?")  # fmt: skip
def test_changes_the_model(submission):
    """The model, both sides' modes and torch's random state stay as they were."""
    seed = seeds_of(submission, 1)[0]
    cases = [(BUFFERS + SMALL[1:], 31, 0.5), (SHARED, seed, 0.25)]
    for (recipe, seed, decay), (before, after, hidden, states, values) in submission.each_probe(
        probe_followed, cases
    ):
        given = f"ema_update(average, model, {decay})"
        assert_untouched(before[0], after[0], given=f"the model after {given}")
        assert_untouched(before[1], after[1], given=f"the average after {given}")
        expect(same(*hidden), "the model changed", given=given)
        expect(not same(*states), "it reseeds torch's random state", given=given)
        moved(values, recipe, seed, given)


# ---- average_checkpoints -------------------------------------------------------------------------


def exact_means(states):
    """Sums of fractions, rounded once, of the tensors of floating point."""
    if not states or len({frozenset(state) for state in states}) > 1:
        raise ValueError
    means = {}
    for name, last in states[-1].items():
        if not (isinstance(last, torch.Tensor) and last.dtype.is_floating_point):
            means[name] = last
            continue
        columns = [state[name].double().flatten().tolist() for state in states]
        sums = [sum(map(Fraction, column)) for column in zip(*columns, strict=True)]
        values = torch.tensor([float(total / len(states)) for total in sums], dtype=F64)
        means[name] = values.to(last.dtype).reshape(last.shape)
    return means


def judge_means(actual, expected, states):
    """Tensors of floating point to the last bit, all else exactly."""
    expect(isinstance(actual, dict), f"expected a dict, got {show(actual)}")
    expect(actual.keys() == expected.keys(),
           f"expected the keys {sorted(expected)}, got {sorted(actual, key=str)}")  # fmt: skip
    for name, wanted in expected.items():
        got, given = actual[name], f"average_checkpoints of {len(states)} states, {name}"
        if isinstance(wanted, torch.Tensor) and wanted.dtype.is_floating_point:
            assert_tensor(got, shape=tuple(wanted.shape), dtype=wanted.dtype, given=given)
            # A mean that is updated as states come is off by a few roundings of float64.
            largest = max([0.0, *(float(s[name].double().abs().sum()) for s in states)])
            info = torch.finfo(wanted.dtype)
            assert_close(got.double(), wanted.double(), rtol=info.eps, given=given,
                         atol=4e-15 * largest + info.smallest_normal * info.eps)  # fmt: skip
        else:
            expect(same(got, wanted), f"expected {show(wanted)}, got {show(got)}", given=given)


def small_states(st):
    """One to three states of one tensor and what is none, or is no float."""
    number = st.sampled_from([1.0, 2.0, 0.0, -3.0, 60000.0])
    dtype = st.sampled_from([F32, torch.float16])
    other = st.sampled_from([0, 1, 2])
    one = st.tuples(number, other)

    def states(case):
        rows, dtype, has_rate, is_turned = case
        every = [{"w": torch.tensor([n], dtype=dtype), "n": torch.tensor(k)}
                 | ({"lr": k / 2} if has_rate else {}) for n, k in rows]  # fmt: skip
        return ([dict(reversed(every[0].items())) if is_turned else every[0], *every[1:]],)

    more = st.booleans(), st.booleans()
    return st.tuples(st.lists(one, min_size=1, max_size=3), dtype, *more).map(states)


MEAN = Truth("average_checkpoints", exact_means, inputs=small_states, rtol=0.0, judge=judge_means)


def states_of(rng, count, dtypes=(F32, F64)):
    """Some states of three tensors, their keys in another order each; eighths."""
    kinds = {"w": (2, 3), "inner.b": (3,), "inner.scale": ()}
    dtype = {name: dtypes[rng.integers(len(dtypes))] for name in kinds}
    states = []
    for _ in range(count):
        names = [str(name) for name in rng.permutation([*kinds])]
        states.append({name: torch.tensor(rng.integers(-80, 80, kinds[name]) / 8.0,
                                          dtype=dtype[name]) for name in names})  # fmt: skip
    return states


def draw_states(rng):
    return (states_of(rng, int(rng.integers(2, 6))),)


def draw_precise(rng):
    """Large numbers that cancel, in an order of their own, and a last state of another dtype."""
    count, dtype = 4, (F32, torch.bfloat16, torch.float16)[rng.integers(3)]
    large = 2.0 ** (15 if dtype == torch.float16 else 30)
    small = 2.0 ** -int(rng.integers(3, 9))
    row = rng.permutation([large, -large, small, 3 * small])
    states = [{"w": torch.tensor([number, 1.0], dtype=dtype)} for number in row]
    for state in states[:2]:
        state["v"] = torch.tensor([float(rng.integers(1, 9))], dtype=F64)
    for state in states[2:]:
        state["v"] = torch.tensor([float(rng.integers(1, 9))], dtype=torch.float16)
    assert len(states) == count
    return (states,)


def fixed_states(seed, count, *dtypes):
    return (states_of(np.random.default_rng(seed), count, dtypes),)


@check("average_checkpoints", points=0.5,
       hint="How many states are there, and how much does each weigh? In which order do they list "
            "their keys?")  # fmt: skip
def test_weighs_states_unlike(submission):
    """Tensors of floating point are the mean over all states, key by key."""
    single = ([{"w": torch.tensor([[1.5, -2.0]])}],)
    MEAN.assert_holds(
        submission,
        [fixed_states(41, 2, F32), fixed_states(42, 3, F64), fixed_states(43, 5, F32), single,
         ([{"empty": torch.zeros(0, 3), "b": torch.tensor(n)} for n in (1.0, 4.0, 5.5)],)],
        draw=draw_states,
    )  # fmt: skip


@check("average_checkpoints", points=0.5,
       hint="What is 60000 + 60000 in float16, and 2**30 + 0.25 in float32? In which dtype do you "
            "add, and in which one does the result come?")  # fmt: skip
def test_adds_in_the_wrong_dtype(submission):
    """Sums are taken in float64; the result has the dtype of the last state."""
    half, brain = torch.float16, torch.bfloat16

    def of(dtype, *rows):
        return [{"w": torch.tensor(row, dtype=dtype)} for row in rows]

    mixed = [{"w": torch.tensor([1.0, 2.0], dtype=dtype)} for dtype in (F64, brain, F32, half)]
    MEAN.assert_holds(
        submission,
        [
            (of(half, [60000.0, 1.0], [60000.0, 2.0], [50000.0, 4.0]),),
            (of(half, [2.0**15], [2.0**-12], [-(2.0**15)]),),
            (of(brain, [256.0, 1.0], [1.0, 3.0], [1.0, 5.0]),),
            (of(brain, [2.0**20, 1.0], [2.0**20, 3.0]),),  # float16 ends before that
            (of(F32, [2.0**30, 1.0], [0.25, 2.0], [-(2.0**30), 3.0]),),
            (mixed,),
            (mixed[::-1],),
            ([{"w": torch.tensor([0.1], dtype=F64)}, {"w": torch.tensor([0.25])}],),
        ],
        draw=draw_precise,
        draws=3,
    )


def draw_others(rng):
    """Integers, flags and values that are no tensors, none of them alike."""
    states = []
    for number in range(int(rng.integers(2, 4))):
        states.append({
            "w": torch.tensor([1.0, 2.0]),
            "steps": torch.tensor(int(rng.integers(1, 9)) + 10 * number),
            "ids": torch.tensor(rng.integers(0, 9, 4) + number, dtype=torch.int32),
            "mask": torch.tensor(rng.random(3) < 0.5),
            "lr": float(rng.random()), "epoch": number, "name": f"run {number}",
        })  # fmt: skip
    return (states,)


@check("average_checkpoints", points=0.5,
       hint="What would the mean of two step counters be, or of two version strings? Which of the "
            "states has them as they should be?")  # fmt: skip
def test_averages_what_is_no_weight(submission):
    """Integers, booleans and values that are no tensors are as in the last state."""
    odd = [
        {"a": None, "b": (1, 2), "c": torch.tensor([1, 4]), "d": 1.5, "e": True, "f": [1.0]},
        {"a": "x", "b": (3,), "c": torch.tensor([2, 9]), "d": 2.5, "e": False, "f": [2.0, 3.0]},
    ]
    MEAN.assert_holds(
        submission,
        [draw_others(np.random.default_rng(44)), (odd,), (odd[::-1],), ((), {"states": odd[:1]})],
        draw=draw_others,
    )


@check("average_checkpoints", points=0.5,
       hint="A key that only one of the states has: which of your loops notices? And what is the "
            "mean of no states?")  # fmt: skip
def test_overlooks_other_keys(submission):
    """Different keys in any of the states raise ValueError, and so does an empty list."""
    w, b = torch.tensor([1.0]), torch.tensor([2.0])
    both, one, other = {"w": w, "b": b}, {"w": w}, {"w": w, "c": b}
    for states in ([], [both, one], [one, both], [both, both, one], [both, one, both],
                   [one, both, both], [both, other], [both, {}], [{}, one]):  # fmt: skip
        given = f"average_checkpoints of states with the keys {[sorted(s) for s in states]}"
        try:
            with pytest.raises(ValueError):
                submission.average_checkpoints(states)
        except pytest.fail.Exception:
            raise Mismatch("expected a ValueError, and it raised nothing", given) from None
    order = [both, {"b": b, "w": w}]
    expect(sorted(submission.average_checkpoints(order)) == ["b", "w"], "expected both keys",
           given="average_checkpoints of states with the same keys in another order")  # fmt: skip


def probe_copies(answer, states):
    """The states before, after a call, and after the result was overwritten; and the result."""
    before = [{name: value.clone() for name, value in state.items()} for state in states]
    result = answer.average_checkpoints(states)
    after = [{name: value.clone() for name, value in state.items()} for state in states]
    kept = {name: value.detach().clone() for name, value in result.items()}
    with torch.inference_mode():  # where tensors that an answer made in such a block can be set too
        for value in result.values():
            value.zero_()
    return before, after, [{**state} for state in states], kept


@check("average_checkpoints", points=0.5,
       hint="Whose tensor does `+=` write to, if the first state was where you began? And whose is "
            "the counter that you hand on?")  # fmt: skip
def test_shares_memory_with_a_state(submission):
    """The states stay as they were, and writing to the result does not reach them."""
    rng = rng_of(submission)
    counts = [{"steps": torch.tensor([n]), "mask": torch.tensor([n > 1])} for n in (1, 2)]
    cases = [*fixed_states(45, 3, F64), *fixed_states(46, 2, F32), *fixed_states(47, 1, F64),
             *fixed_states(48, 1, F32), counts, counts[:1],
             states_of(rng, int(rng.integers(1, 4)))]  # fmt: skip
    for (states,), (before, after, later, kept) in submission.each_probe(
        probe_copies, [(case,) for case in cases]
    ):
        given = f"average_checkpoints of {len(states)} states"
        expect(same(before, after), "it changed the states", given=given)
        expect(same(after, later), "the states changed when the result was set to zero",
               given=given)  # fmt: skip
        # Loosely, for who returns nothing: how the mean is made is for another check.
        expect(sorted(kept) == sorted(states[0]), f"expected the keys {sorted(states[0])}, got "
               f"{sorted(kept)}", given=given)  # fmt: skip
