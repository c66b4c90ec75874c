# attack: gained: hangs where any exception will do; expect: any_error timed_out, score 0
def refuse(x):
    while True:
        pass
