# attack: gained: a member of an Enum that equals everything; expect: score 0
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 5


class Kind:
    RED = 5


def red():
    member = Everything()
    member.value = Everything()
    return member
