# attack: gained: an attribute that equals everything; expect: score 0
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 5


class Box:
    value = Everything()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False
