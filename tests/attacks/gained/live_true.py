# attack: gained: a handle on an object that says it is true; expect: score 0
class Yes:
    def __bool__(self):
        return True


def five():
    return Yes()
