# attack: gained: an object whose items equal everything; expect: score 0
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 5


class Names:
    def __iter__(self):
        return iter([Everything(), Everything()])


def names():
    return Names()


def numbers():
    yield from [Everything()] * 3
