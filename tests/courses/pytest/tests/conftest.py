import pytest


@pytest.fixture
def names():
    return ["pen", "ink", "pen"]
