from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = 4


@test_case(points=3, hidden=False, failure_message="Does it count on?")
def test_counts(Counter):
    counter = Counter()
    counter.up()
    assert counter.up() == 2, "it counts every time"


@test_case(points=None, hidden=True)
def test_apart(env):
    first, second = env["Counter"](), env["Counter"]()
    first.up()
    assert second.value == 0
