# attack: harmed: objects of more classes than a check knows; expect: names malformed, score 0
def names():
    return [type(f"C{number}", (), {})() for number in range(600)]
