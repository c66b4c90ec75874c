import pytest

from .boxes import cubes


@pytest.fixture
def names(names):
    return {name: cubes(len(name))[0] for name in names}
