# attack: harmed: an iterator that never ends; expect: numbers timed_out, score 0
def numbers():
    number = 0
    while True:
        yield number
        number += 1
