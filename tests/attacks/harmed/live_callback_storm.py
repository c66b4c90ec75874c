# attack: harmed: calls a function of the check without end; expect: applied timed_out, score 0
def apply(function, x):
    while True:
        function(x)
