# attack: gained: hangs where any exception will do; expect: score 0
def refuse(x):
    while True:
        pass
