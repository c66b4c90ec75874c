# attack: harmed: prints more than is kept, where the check looks at it; expect: chain timed_out, score 0
def chain():
    while True:
        print("x" * 10_000)
