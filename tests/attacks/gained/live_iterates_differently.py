# attack: gained: a list of a class that iterates over other items than it holds; expect: score 0
class Names(list):
    def __iter__(self):
        return iter([])

    def __len__(self):
        return 2

    def __eq__(self, other):
        return True


def names():
    return Names(["c"])
