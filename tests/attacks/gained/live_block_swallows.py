# attack: gained: a block that swallows the failure of the check in it; expect: score 0
class Box:
    value = 4

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return True
