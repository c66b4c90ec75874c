# attack: gained: a handle on an object that is true because it has a length; expect: score 0
class Long:
    def __len__(self):
        return 5


def five():
    return Long()
