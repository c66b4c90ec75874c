"""The stand-in for torch's compiler: optimisers do without the real one, and do the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

TRAINED = """
import json, sys, warnings
warnings.simplefilter("ignore")
if sys.argv[1] == "stand-in":
    from gradekit.sandbox.warmup import defer_compiler
    defer_compiler()
import torch
torch.manual_seed(0)
net = torch.nn.Linear(3, 1)
X, y = torch.randn(8, 3), torch.randn(8, 1)
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop):
    steps = kind(net.parameters(), lr=0.1)
    for _ in range(3):
        steps.zero_grad()
        torch.nn.functional.mse_loss(net(X), y).backward()
        steps.step()
    steps.load_state_dict(steps.state_dict())
before = len([name for name in sys.modules if name.startswith("torch._dynamo")])
import torch._dynamo
print(json.dumps({
    "trained": [parameter.tolist() for parameter in net.parameters()],
    "modules": before,
    "is_real": callable(torch._dynamo.optimize),
}))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, dict]:
    """What the same training gives with the stand-in and with the real module."""
    found = {}
    for which in ("stand-in", "real"):
        command = [sys.executable, "-c", TRAINED, which]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[which] = json.loads(done.stdout)
    return found


def test_optimisers_train_alike_without_the_compiler(told: dict[str, dict]) -> None:
    """Bit for bit, and nothing of the compiler but the stand-in was imported."""
    assert told["stand-in"]["trained"] == told["real"]["trained"]
    assert told["stand-in"]["modules"] == 1 < told["real"]["modules"]


def test_whatever_else_is_asked_of_the_compiler_is_the_real_one(told: dict[str, dict]) -> None:
    """`torch._dynamo.optimize` is there, as without the stand-in."""
    assert told["stand-in"]["is_real"] and told["real"]["is_real"]
