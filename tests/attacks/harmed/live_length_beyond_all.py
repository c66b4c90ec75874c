# attack: harmed: an object that says it has more items than there are numbers; expect: numbers malformed, score 0
class Names:
    def __len__(self):
        return 2**62

    def __getitem__(self, index):
        return "a"


def numbers():
    return Names()
