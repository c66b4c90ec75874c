# attack: gained: a list of a class that equals and contains everything; expect: score 0
class Names(list):
    def __eq__(self, other):
        return True

    def __contains__(self, item):
        return True


def names():
    return Names()
