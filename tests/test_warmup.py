"""What a zygote does to be quick: torch without its compiler, and memory in huge pages.

Neither may change what an answer computes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradekit.sandbox.inside import hugepages
from gradekit.sandbox.inside.hugepages import SETTINGS

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


MOVED = """
import json
import numpy as np
from gradekit.sandbox.inside import hugepages
def computed():
    A = np.sin(np.arange(64.0)).reshape(8, 8) + 8 * np.eye(8)
    return [np.linalg.solve(A, A.T).tolist(), np.exp(A).sum(axis=0).tolist(), repr(A[0])]
def own_code():
    lines = open("/proc/self/maps").read().splitlines()
    return sum(line.split()[1] == "r-xp" and line.split()[4] == "0" for line in lines)
before = computed(), own_code()
hugepages.use_huge_pages()
print(json.dumps([before, (computed(), own_code())]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only zygotes do so, which need Linux")
def test_code_in_huge_pages_computes_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", MOVED], capture_output=True, text=True, check=True)
    (before, code_before), (after, code_after) = json.loads(done.stdout)
    assert before == after
    has_huge_pages = SETTINGS.exists() and "[never]" not in (SETTINGS / "enabled").read_text()
    assert (code_after > code_before) == has_huge_pages


@pytest.mark.skipif(sys.platform != "linux", reason="only zygotes do so, which need Linux")
def test_without_huge_pages_all_stays_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(hugepages, "SETTINGS", tmp_path)  # as where the kernel has none
    monkeypatch.setattr(hugepages, "_copy_code", pytest.fail)
    hugepages.use_huge_pages()
    (tmp_path / "hpage_pmd_size").write_text(f"{hugepages.HUGE}\n")
    (tmp_path / "enabled").write_text("always madvise [never]\n")
    monkeypatch.setattr(hugepages, "DATA", "none")
    hugepages.use_huge_pages()


REHEARSED = """
import io, json, linecache, random, sys
from collections import Counter
import numpy as np
from gradekit.sandbox import wire
from gradekit.sandbox.inside import loading, worker
from gradekit.sandbox.inside.rehearsal import rehearse
from gradekit.sandbox.warmup import warm_up
warm_up(["numpy"])
random.seed(0)
def seen():
    return [
        sorted(sys.modules), sorted(linecache.cache), sys.stdout.name, sys.stderr.name,
        [*worker._probes], [*worker._labels], [*worker._unbound],
        [sorted(each) for each in loading._spare], sorted(map(str, sys.path)),
        repr(random.getstate()), repr(np.random.get_state()), repr(np.geterr()),
        sorted(vars(np)), len(np.exp.__doc__), repr(sys.flags), sys.getrecursionlimit(),
    ]
def take(view):
    replies.write(view)
    return len(view)
worker.Server()
before, replies = seen(), io.BytesIO()
rehearse(worker.Server(), take)
is_same, size, kinds = before == seen(), replies.tell(), Counter()
replies.seek(0)
ahead = wire.Ahead(replies.readinto)
while replies.tell() < size or not ahead.is_empty:
    kinds[wire.kind_of(wire.receive(ahead, bounded=True))] += 1
print(json.dumps([is_same, kinds]))
"""


def test_a_rehearsal_leaves_nothing_to_be_seen() -> None:
    """Neither modules, sources, labels, probes nor the states of generators; all calls worked."""
    command = [sys.executable, "-c", REHEARSED]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    is_same, kinds = json.loads(done.stdout)
    assert is_same and not done.stderr
    assert kinds == {"raised": 10, "value": 61}  # one call in seven is to raise
