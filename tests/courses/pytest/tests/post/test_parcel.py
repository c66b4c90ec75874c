import parcel.post
from parcel import *

from . import boxes


def test_cost(names):
    assert cost([*names.values()]) == 2 * 27 * 2
    assert (parcel.__version__, parcel.__doc__) == ("1.2", "Parcels and what they cost.")


def test_volumes():
    assert Box(1, 2, 4) == boxes.cubes(2)[0]


def test_another_rate(monkeypatch):
    monkeypatch.setattr(parcel.post, "RATE", 3)
    assert cost(boxes.cubes(1, 2)) == 27
