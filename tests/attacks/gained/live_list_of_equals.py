# attack: gained: a list of objects that equal everything; expect: score 0
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 5


def names():
    return [Everything(), Everything()]


def many():
    return (Everything(),) * 4 + (range(3),)
