"""Hidden checks of exercise 06.

Truth comes from the backbone written out in plain tensor arithmetic (BatchNorm by its stored
statistics), and from the closed form of softmax regression: the gradient of the mean
cross-entropy with respect to the logits is (softmax - one-hot) / N. That the backbone stays
as it was is a comparison bit for bit.

`finetune_epoch` is tried on a model of the grader's own, so that a mistake in
`build_finetune_model` does not cost it anything. An answer may just as well keep the backbone
in evaluation mode by what it builds, so what fails there gets a second try on its own model.
"""

import torch
from torch import nn

from gradekit.grading import (
    assert_close,
    assert_number,
    assert_tensor,
    check,
    expect,
    same,
    seeds_of,
    show,
)
from gradekit.grading.training import (
    assert_tensors,
    descended,
    give_old_gradients,
    linear,
    numbers,
    random_states,
)

# Not drawn: which parameters are trainable or listed, the head's sizes and types, and what has to
# stay as it was: nothing of a problem's numbers stands in what is expected there.

# A sound float32 answer is within 1e-6 of the truth, a float64 one within 1e-14.
RTOL = {torch.float32: 1e-4, torch.float64: 1e-9}
ATOL = {torch.float32: 1e-5, torch.float64: 1e-11}


# What probes build on the other side


class Tuned(nn.Module):
    """A frozen backbone under a head, as the contract describes it."""

    def __init__(self, backbone, head):
        super().__init__()
        self.backbone = backbone.requires_grad_(False)
        self.head = head

    def forward(self, x):
        return self.head(self.backbone(x))


class Counting(nn.Module):
    """A layer of somebody's own: in train mode it counts its calls and shifts what it gets."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x):
        if not self.training:
            return x
        self.calls += 1
        return x + 1


class Shifting(nn.Sequential):
    """Asks for its own mode, too, as `F.dropout(x, training=self.training)` does."""

    def forward(self, x):
        return super().forward(x) + self.training


class Scaled(nn.Module):
    """A parameter that sits in the backbone itself, in none of its layers."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.layer = nn.Linear(3, 5)

    def forward(self, x):
        return self.layer(x * self.scale)


def build_backbone(kind, weights):
    """Linear 3 -> 5, perhaps BatchNorm, tanh, perhaps more; filled from `weights`."""
    if kind == "empty":
        return nn.Sequential(nn.Flatten(), nn.Tanh())
    if kind == "bare":
        return nn.Linear(3, 5)
    if kind == "scaled":
        return Scaled()
    first = [nn.Linear(3, 5)]
    if "norm" in kind:
        first.append(nn.BatchNorm1d(5))
    last = [nn.Tanh()]
    if "counting" in kind:
        last.append(Counting())
    if "dropout" in kind:
        last.append(nn.Dropout(1.0))
    whole = Shifting if "counting" in kind else nn.Sequential
    backbone = whole(nn.Sequential(*first), *last)
    backbone.to(weights["0.0.weight"].dtype)
    backbone.load_state_dict({name: weights[name] for name in backbone.state_dict()})
    return backbone


def copies(module):
    """Copies of a module's parameters and buffers by name."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def probe_flags(answer, kind, weights):
    """Which parameters of the built model are trainable, in the backbone, head, and overall."""
    backbone = build_backbone(kind, weights)
    model = answer.build_finetune_model(backbone, 5, 4)
    return (
        {name: p.requires_grad for name, p in backbone.named_parameters()},
        {name: p.requires_grad for name, p in model.head.named_parameters()},
        len([p for p in model.parameters() if p.requires_grad]),
    )


def probe_identity(answer, kind, weights):
    """Whether the backbone is the one given, what became of it, and of a second model."""
    backbone = build_backbone(kind, weights)
    model = answer.build_finetune_model(backbone, 5, 4)
    other = answer.build_finetune_model(build_backbone(kind, weights), 5, 4)
    return (
        isinstance(model, nn.Module),
        model.backbone is backbone,
        copies(backbone),
        model.head is other.head or model.head.weight is other.head.weight,
    )


def probe_head(answer, kind, weights, feature_dim, num_classes):
    """The kind, sizes and types of the head."""
    backbone = build_backbone(kind, weights)
    head = answer.build_finetune_model(
        backbone=backbone, feature_dim=feature_dim, num_classes=num_classes
    ).head
    linear = isinstance(head, nn.Linear)
    return (
        linear,
        type(head).__name__,
        [head.in_features, head.out_features] if linear else [],
        [str(p.dtype) for p in head.parameters()],
    )


def probe_logits(answer, kind, weights, X):
    """The logits of a built model in evaluation mode, and the head that made them."""
    model = answer.build_finetune_model(build_backbone(kind, weights), 5, 4)
    model.eval()
    logits = model(X)
    bias = model.head.bias
    return logits, model.head.weight, torch.zeros_like(logits[0]) if bias is None else bias


def probe_gradient(answer, kind, weights, X, upstream):
    """The head's gradients after a backward pass from the logits, and the backbone's."""
    model = answer.build_finetune_model(build_backbone(kind, weights), 5, 4)
    model.eval()
    (model(X) * upstream).sum().backward()
    return (
        {name: p.grad for name, p in model.head.named_parameters()},
        [p.grad is None for p in model.backbone.parameters()],
    )


def probe_listed(answer, weights, flags):
    """The names of the parameters in the answer (None for what is not one), and its type."""
    model = Tuned(build_backbone("norm", weights), nn.Linear(5, 4))
    for name, wanted in flags.items():
        model.get_parameter(name).requires_grad_(wanted)
    names = {id(p): name for name, p in model.named_parameters()}
    listed = answer.trainable_parameters(model)
    kind = type(listed).__name__
    return kind, isinstance(listed, list), [names.get(id(p)) for p in listed]


def probe_listed_twice(answer, weights):
    """The names of the parameters listed after flags were changed since a first listing."""
    model = Tuned(build_backbone("norm", weights), nn.Linear(5, 4))
    answer.trainable_parameters(model)
    model.get_parameter("backbone.0.0.bias").requires_grad_(True)
    model.get_parameter("head.bias").requires_grad_(False)
    names = {id(p): name for name, p in model.named_parameters()}
    return [names.get(id(p)) for p in answer.trainable_parameters(model)]


def probe_untouched(answer, weights):
    """Trainable flags and values of a model after its parameters were listed."""
    model = Tuned(build_backbone("norm", weights), nn.Linear(5, 4))
    model.get_parameter("backbone.0.0.bias").requires_grad_(True)
    before = copies(model)
    answer.trainable_parameters(model)
    flags = [name for name, p in model.named_parameters() if p.requires_grad]
    return before, copies(model), flags


def probe_finetune(answer, origin, kind, weights, batches, options):
    """An epoch on each batch: losses, heads, and the backbone's state after each."""
    backbone = build_backbone(kind, weights)
    if origin == "own":
        model = Tuned(backbone, linear(weights["head.weight"], weights["head.bias"]))
    else:
        model = answer.build_finetune_model(backbone, 5, 4)
    model.head.load_state_dict({k: weights[f"head.{k}"] for k in ("weight", "bias")})
    owned = model.parameters() if options.get("owns") == "all" else model.head.parameters()
    optimizer = torch.optim.SGD(owned, lr=0.5, momentum=options.get("momentum", 0.0))
    model.train(options.get("mode", "train") == "train")
    if options.get("mode") == "backbone in train mode":
        model.backbone.train()
    losses, heads, backbones = [], [], []
    for X, y in batches:
        if "stale" in options:
            give_old_gradients(model, options["stale"])
        losses.append(answer.finetune_epoch(model, X, y, optimizer))
        heads.append(copies(model.head))
        backbones.append(copies(backbone))
    return losses, heads, backbones


def probe_manners(answer, origin, weights, X, y, seeds):
    """The tensors after an epoch, and torch's random state after it from several seeds."""

    def call():
        backbone = build_backbone("norm", weights)
        if origin == "own":
            model = Tuned(backbone, linear(weights["head.weight"], weights["head.bias"]))
        else:
            model = answer.build_finetune_model(backbone, 5, 4)
        optimizer = torch.optim.SGD(model.head.parameters(), lr=0.5)
        answer.finetune_epoch(model, X, y, optimizer)

    return X, y, random_states(call, seeds)


# What the judge knows


def draw(seed, dtype=torch.float32, n=6):
    """Backbone, statistics and head with values of their own, inputs and labels."""
    normal = numbers(seed, dtype)
    weights = {
        "0.0.weight": normal(5, 3),
        "0.0.bias": normal(5),
        "0.1.weight": 1 + normal(5) / 4,
        "0.1.bias": normal(5) / 4,
        "0.1.running_mean": normal(5),
        "0.1.running_var": 1 + normal(5) ** 2,
        "0.1.num_batches_tracked": torch.tensor(17),
        "2.calls": torch.tensor(29),
        "head.weight": normal(4, 5),
        "head.bias": normal(4),
    }
    y = torch.tensor([2, 0, 3, 3, 1, 3, 0, 2]).repeat(1 + n // 8)[:n]
    return weights, normal(n, 3), y


def features(kind, weights, X):
    """What the backbone makes of X in evaluation mode."""
    hidden = X @ weights["0.0.weight"].T + weights["0.0.bias"]
    if "norm" in kind:
        scale = weights["0.1.weight"] / torch.sqrt(weights["0.1.running_var"] + 1e-5)
        hidden = (hidden - weights["0.1.running_mean"]) * scale + weights["0.1.bias"]
    return torch.tanh(hidden)


def head_of(weights):
    return {name: weights[f"head.{name}"] for name in ("weight", "bias")}


def truth(kind, weights, head, X, y):
    """Loss and the head's gradients, in closed form."""
    inputs = features(kind, weights, X)
    logits = inputs @ head["weight"].T + head["bias"]
    logits = logits - logits.max(1, keepdim=True).values
    log_p = logits - torch.log(torch.exp(logits).sum(1, keepdim=True))
    rows = torch.arange(len(y))
    error = torch.exp(log_p)
    error[rows, y] -= 1
    error /= len(y)
    return -log_p[rows, y].mean().item(), {"weight": error.T @ inputs, "bias": error.sum(0)}


def on_either_model(judge):
    """Run `judge` on the grader's model, and on the answer's own where that goes wrong."""
    try:
        judge("own")
    except Exception as first:
        try:
            judge("built")
        except Exception:
            raise first from None


def assert_head(actual, expected, given, rtol=None):
    """The head's parameters are what they should be."""
    dtype = expected["weight"].dtype
    assert_tensors(actual, expected, rtol=RTOL[dtype] if rtol is None else rtol, atol=ATOL[dtype],
                   given=f"{given}, the head's")  # fmt: skip


def tuned(submission, origin, cases):
    """What came of each (kind, weights, batches, options), to be judged one by one.

    Mistakes are known by the reply at which a check fails, so fixed cases come first.
    """
    sent = [(origin, *case) for case in cases]
    return (got for _, got in submission.each_probe(probe_finetune, sent))


def one_step(kind, weights, X, y):
    """The loss, and the head after a step along its gradient."""
    head = head_of(weights)
    loss, gradients = truth(kind, weights, head, X, y)
    return loss, descended(head, gradients, 0.5)


# The checks of build_finetune_model


@check("build_finetune_model", points=1, hint="Which parameters would an optimiser move if "
       "somebody gave it model.parameters()?")
def test_leaves_the_backbone_trainable(submission):
    """No parameter of the backbone is trainable, and every one of the head is."""
    weights, _, _ = draw(1)
    kinds = [(kind, weights) for kind in ("norm", "plain", "empty", "bare", "scaled")]
    for _, (backbone, head, count) in submission.each_probe(probe_flags, kinds):
        for name, flag in backbone.items():
            expect(not flag, f"the backbone's parameter {name} is still trainable")
        for name, flag in head.items():
            expect(flag, f"the head's parameter {name} is not trainable")
        expect(len(head) > 0, "the head has no parameters")
        expect(count == len(head),
               f"{count} parameters of the model are trainable, but the head has {len(head)}")


@check("build_finetune_model", points=0.5, hint="Is model.backbone the object that the caller "
       "still holds, and does it still hold the values it came with?")
def test_copies_the_backbone(submission):
    """The model holds the very backbone it was given, with its weights and statistics."""
    weights, _, _ = draw(2)
    module, identical, state, shared = submission.probe(probe_identity, "norm", weights)
    expect(module, "the model is not an nn.Module")
    expect(identical, "model.backbone is not the module that was given, but another one")
    for name, value in state.items():
        expect(same(value, weights[name]), f"the backbone's {name} has changed")
    expect(not shared, "two models that were built one after the other share their head")


@check("build_finetune_model", points=1, hint="Which type do features have that come out of a "
       "float64 backbone, and where do you look if the backbone has no parameters?")
def test_builds_another_head(submission):
    """The head is a linear layer of the right sizes in the backbone's dtype."""
    settings = (
        ("norm", torch.float32, (5, 4)),
        ("plain", torch.float64, (5, 2)),
        ("norm", torch.float64, (5, 7)),
        ("empty", torch.float32, (6, 3)),
    )
    heads = submission.each_probe(
        probe_head, [(kind, draw(3, dtype)[0], *sizes) for kind, dtype, sizes in settings]
    )
    for (kind, dtype, sizes), (_, (fits, name, shape, dtypes)) in zip(
        settings, heads, strict=True
    ):
        given = f"feature_dim={sizes[0]}, num_classes={sizes[1]}, " + (
            "a backbone without parameters" if kind == "empty" else f"a backbone in {dtype}"
        )
        expect(fits, f"model.head is not an nn.Linear but a {name}", given=given)
        expect(tuple(shape) == sizes,
               f"the head goes from {shape[0]} features to {shape[1]}", given=given)
        expect(set(dtypes) == {str(dtype)},
               f"expected a head in {dtype}, got {' and '.join(sorted(set(dtypes)))}",
               given=given)


@check("build_finetune_model", points=1, hint="Cross-entropy does the softmax itself. What "
       "lies between the features and what the model returns?")
def test_gives_something_else_than_logits(submission):
    """Calling the model gives the head's logits of the backbone's features."""
    settings = [("norm", torch.float32, 6, 4), ("plain", torch.float64, 8, 4),
                ("norm", torch.float64, 1, 4)]  # fmt: skip
    settings.append(("norm", torch.float64, 5, *seeds_of(submission, 1)))
    problems = [draw(seed, dtype, n) for _, dtype, n, seed in settings]
    sent = [(kind, weights, X)
            for (kind, *_), (weights, X, _) in zip(settings, problems, strict=True)]  # fmt: skip
    answers = submission.each_probe(probe_logits, sent)
    for (_, dtype, n, _), ((kind, weights, X), got) in zip(settings, answers, strict=True):
        logits, weight, bias = got
        given = f"model(X) for X of shape ({n}, 3) in {dtype}"
        expected = features(kind, weights, X) @ weight.T + bias
        assert_tensor(logits, given=given)
        assert_close(logits, expected, rtol=RTOL[dtype], atol=ATOL[dtype], given=given)


@check("build_finetune_model", points=0.5, hint="Freezing the backbone is no reason to run the "
       "head without a graph. Does a backward pass from the logits reach the head?")
def test_cuts_the_head_off_from_the_gradient(submission):
    """A backward pass from the logits reaches the head, and only the head."""
    given = "(model(X) * upstream).sum().backward()"
    cases = []
    for seed in (5, *seeds_of(submission, 1)):
        weights, X, _ = draw(seed)
        cases.append(("norm", weights, X, numbers(seed)(6, 4)))
    for (kind, weights, X, upstream), (head, frozen) in submission.each_probe(
        probe_gradient, cases
    ):
        gradient = head.get("weight")
        expect(gradient is not None, "the head's weight got no gradient", given=given)
        assert_close(gradient, upstream.T @ features(kind, weights, X), rtol=1e-4, atol=1e-5,
                     given=f"{given}, head.weight.grad")  # fmt: skip  # float32
        expect(all(frozen), "a parameter of the backbone got a gradient", given=given)


# The checks of trainable_parameters


@check("trainable_parameters", points=1, hint="Each parameter says itself whether it is to be "
       "trained. Do you ask it, or do you assume where it lives?")
def test_lists_other_parameters(submission):
    """The list holds the parameters with requires_grad, wherever they are in the model."""
    weights, _, _ = draw(6)
    frozen = ["backbone.0.0.weight", "backbone.0.0.bias", "backbone.0.1.weight",
              "backbone.0.1.bias"]
    wanted = (
        ({}, {"head.weight", "head.bias"}),
        ({"backbone.0.0.bias": True}, {"backbone.0.0.bias", "head.weight", "head.bias"}),
        ({"head.bias": False}, {"head.weight"}),
        ({"backbone.0.1.weight": True, "head.weight": False, "head.bias": False},
         {"backbone.0.1.weight"}),
        (dict.fromkeys(frozen, True), {*frozen, "head.weight", "head.bias"}),
        ({"head.weight": False, "head.bias": False}, set()),
    )
    listed = submission.each_probe(probe_listed, [(weights, flags) for flags, _ in wanted])
    for (_, expected), (_, (_, _, names)) in zip(wanted, listed, strict=True):
        given = f"with requires_grad for {', '.join(sorted(expected)) or 'nothing'}"
        # What is not a parameter of the model has no name.
        got = {name for name in names if name is not None}
        expect(got == expected,
               f"the answer holds {', '.join(sorted(got)) or 'none of its parameters'}",
               given=given)


@check("trainable_parameters", points=0.5, hint="An optimiser reads what it is given once. "
       "What is left of a generator after that, and what does it make of a name?")
def test_lists_something_else_than_parameters(submission):
    """What comes back is a list of the parameters themselves, each of them once."""
    weights, _, _ = draw(7)
    kind, is_list, names = submission.probe(probe_listed, weights, {"backbone.0.0.bias": True})
    expect(is_list, f"expected a list, got a {kind}")
    expect(None not in names, "the list holds something that is not a parameter of the model")
    expect(len(names) == len(set(names)), "the list holds a parameter twice")
    again = submission.probe(probe_listed_twice, weights)
    expect(set(again) == {"backbone.0.0.bias", "head.weight"},
           "called again after flags were changed, it did not look again")
    before, after, flags = submission.probe(probe_untouched, weights)
    expect(same(before, after), "it changed the model's values")
    expect(set(flags) == {"backbone.0.0.bias", "head.weight", "head.bias"},
           "it changed which parameters are trainable")


# The checks of finetune_epoch


@check("finetune_epoch", points=1, hint="requires_grad concerns parameters. What else in a "
       "BatchNorm layer changes, when does it, and who has the last word on the mode?")
def test_moves_batchnorm_statistics(submission):
    """Every parameter and buffer of the backbone stays exactly as it was."""

    def judge(origin):
        weights, X, y = draw(8)
        cases = [
            (kind, weights, [(X, y), (X + 1, y)][:epochs], {"mode": mode, **options})
            for kind, mode, epochs, options in (
                ("norm", "train", 2, {}),
                ("norm", "eval", 1, {}),
                ("norm", "backbone in train mode", 1, {}),
                ("norm", "train", 1, {"owns": "all", "momentum": 0.5}),
                ("counting", "train", 1, {}),
            )
        ]
        for (*_, batches, _), (_, heads, backbones) in zip(
            cases, tuned(submission, origin, cases), strict=True
        ):
            given = f"{len(batches)} epoch{'s' * (len(batches) > 1)}"
            expect(any(not same(heads[-1][name], value)
                       for name, value in head_of(weights).items()),
                   "the head did not move either", given=given)  # fmt: skip
            for name, value in backbones[-1].items():
                short = name.rpartition(".")[2]
                expect(
                    same(value, weights[name]),
                    f"the backbone's {short} went from {show(weights[name])} to {show(value)}. "
                    "Statistics are buffers: freezing parameters does not stop a forward pass in "
                    "train mode from moving them",
                    given=given,
                )

    on_either_model(judge)


@check("finetune_epoch", points=1, hint="By which mean and variance should a frozen BatchNorm "
       "normalise, and what should a frozen dropout drop?")
def test_runs_the_backbone_in_train_mode(submission):
    """BatchNorm uses its stored statistics and dropout is off, whatever the mode before."""

    layers = {
        "norm": "BatchNorm1d",
        "dropout": "Dropout(1.0)",
        "norm, dropout": "BatchNorm1d and Dropout(1.0)",
        "counting": "a layer that adds 1 in train mode",
    }
    fixed, drawn = draw(9), draw(*seeds_of(submission, 1))
    modes = ("train", "eval", "backbone in train mode")
    settings = [(fixed, kind, modes[0]) for kind in ("norm", "dropout", "counting")]
    settings += [(fixed, "norm", mode) for mode in modes[1:]]
    settings.append((fixed, "counting", modes[2]))
    settings += [(drawn, "norm, dropout", "train"), (drawn, "norm", modes[2])]

    def judge(origin):
        done = tuned(submission, origin, [
            (kind, weights, [(X, y)], {"mode": mode}) for (weights, X, y), kind, mode in settings
        ])  # fmt: skip
        for (problem, kind, _), (losses, heads, _) in zip(settings, done, strict=True):
            loss, head = one_step(kind, *problem)
            given = f"a backbone with {layers[kind]}"
            assert_close(losses[0], loss, rtol=1e-4, given=f"{given}, loss")  # float32
            assert_head(heads[0], head, given)

    on_either_model(judge)


@check("finetune_epoch", points=0.5, hint="backward() adds to what .grad already holds. Who "
       "empties it, and when?")
def test_steps_along_old_gradients(submission):
    """Gradients left over from earlier work have no effect."""

    problems = [draw(10), draw(*seeds_of(submission, 1))]

    def judge(origin):
        done = tuned(submission, origin, [
            ("plain", weights, [(X, y)], {"stale": 7.0}) for weights, X, y in problems
        ])  # fmt: skip
        for problem, (_, heads, _) in zip(problems, done, strict=True):
            assert_head(heads[0], one_step("plain", *problem)[1], "every old gradient is 7")

    on_either_model(judge)


@check("finetune_epoch", points=0.5, hint="One epoch on the full batch is one update. By which "
       "gradient, and made by whom?")
def test_makes_another_update(submission):
    """The head makes exactly one step of the given optimiser on the mean cross-entropy."""

    # 300 rows are more than a usual minibatch holds.
    settings = [(11, torch.float32, 8), (20, torch.float64, 300)]
    settings.append((*seeds_of(submission, 1), torch.float64, 8))
    problems = [draw(*setting) for setting in settings]

    def judge(origin):
        done = tuned(submission, origin, [
            ("norm", weights, [(X, y)] * 2, {"momentum": 0.5}) for weights, X, y in problems
        ])  # fmt: skip
        for (weights, X, y), (_, dtype, n), (_, heads, _) in zip(
            problems, settings, done, strict=True
        ):
            head = head_of(weights)
            velocity = {name: torch.zeros_like(value) for name, value in head.items()}
            for _ in range(2):
                _, gradients = truth("norm", weights, head, X, y)
                velocity = {name: 0.5 * velocity[name] + g for name, g in gradients.items()}
                head = descended(head, velocity, 0.5)
            given = f"two epochs of SGD with momentum, {n} rows, {dtype}"
            assert_head(heads[1], head, given, rtol=1e-3 if dtype == torch.float32 else 1e-8)

    on_either_model(judge)


@check("finetune_epoch", points=0.5, hint="Which loss did the gradient come from, is it a mean, "
       "and what does exp make of a logit of 1000?")
def test_returns_another_loss(submission):
    """What comes back is the mean cross-entropy from before the step, as a float."""

    settings = [(13, torch.float32, 1.0), (15, torch.float32, 500.0),
                (*seeds_of(submission, 1), torch.float64, 1.0)]  # fmt: skip
    problems = []
    for seed, dtype, factor in settings:
        weights, X, y = draw(seed, dtype)
        problems.append(({**weights, "head.weight": weights["head.weight"] * factor}, X, y))

    def judge(origin):
        done = tuned(submission, origin, [
            ("norm", weights, [(X, y)] * 2, {}) for weights, X, y in problems
        ])  # fmt: skip
        for problem, (_, dtype, factor), (losses, *_) in zip(
            problems, settings, done, strict=True
        ):
            weights, X, y = problem
            first, head = one_step("norm", *problem)
            second, _ = truth("norm", weights, head, X, y)
            for epoch, expected in enumerate((first, second)):
                given = f"epoch {epoch} in {dtype}" + (", logits around 1000" * (factor > 1))
                value = assert_number(losses[epoch], given=given)
                assert_close(value, expected, rtol=RTOL[dtype], given=given)

    on_either_model(judge)


@check("finetune_epoch", points=0.5, hint="What shape do logits and labels have when X has a "
       "single row?")
def test_cannot_learn_from_one_sample(submission):
    """A batch of one sample works."""

    fixed, drawn = (draw(seed, torch.float64, 1) for seed in (16, *seeds_of(submission, 1)))
    settings = [("plain", fixed), ("norm", fixed), ("norm", drawn)]

    def judge(origin):
        done = tuned(submission, origin, [
            (kind, weights, [(X, y)], {}) for kind, (weights, X, y) in settings
        ])  # fmt: skip
        for (kind, problem), (losses, heads, _) in zip(settings, done, strict=True):
            loss, head = one_step(kind, *problem)
            given = "X of shape (1, 3), y of shape (1,)"
            value = assert_number(losses[0], given=given)
            assert_close(value, loss, rtol=1e-9, given=f"{given}, loss")  # float64
            assert_head(heads[0], head, given)

    on_either_model(judge)


@check("finetune_epoch", points=0.5, hint="What does the caller find changed afterwards, "
       "besides the head and its optimiser?")
def test_has_side_effects(submission):
    """Tensors and random state stay as they were, and no call remembers another."""

    (seed,) = seeds_of(submission, 1)
    problems = [draw(18, torch.float64), draw(seed, torch.float64)]

    def judge(origin):
        weights, X, y = draw(17)
        X_after, y_after, states = submission.probe(
            probe_manners, origin, weights, X, y, [3, 4]
        )
        expect(same(X, X_after), "it changed X")
        expect(same(y, y_after), "it changed y")
        expect(not same(states[0], states[1]), "it reseeds torch's global random state")
        done = tuned(submission, origin, [
            ("norm", weights, [(X, y), (X - 1, y.flip(0))], {}) for weights, X, y in problems
        ])  # fmt: skip
        for problem, (losses, *_) in zip(problems, done, strict=True):
            weights, X, y = problem
            loss, head = one_step("norm", *problem)
            second, _ = truth("norm", weights, head, X - 1, y.flip(0))
            for got, expected in zip(losses, (loss, second), strict=True):
                value = assert_number(got, given="two epochs on different batches")
                assert_close(value, expected, rtol=1e-8,  # float64
                             given="two epochs on different batches, loss")  # fmt: skip

    on_either_model(judge)
