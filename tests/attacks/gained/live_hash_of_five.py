# attack: gained: a handle on an object that hashes and compares like 5; expect: score 0
class Five:
    def __hash__(self):
        return 5

    def __eq__(self, other):
        return other == 5


def five():
    return Five()
