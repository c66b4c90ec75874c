# attack: gained: an object each of whose attributes is itself, and equals everything; expect: score 0.25
# A Box of the solution is true, since its class says nothing of it, and so is this one: as much as
# True itself would be, where a check asks for no more than truth.
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 5


class Box(Everything):
    def __getattr__(self, name):
        return self

    def __call__(self, *args):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


five = Box()
