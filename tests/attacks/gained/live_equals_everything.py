# attack: gained: a handle on an object that equals everything; expect: score 0
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 5


def five():
    return Everything()
