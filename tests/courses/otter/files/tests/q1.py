OK_FORMAT = True

test = {   'name': 'q1',
    'points': [1, 2, 1],
    'suites': [   {   'cases': [   {'code': '>>> double(four)\n8\n>>> repr(four)\n\'<4>\'\n>>> "double" in vars() and "treble" not in dir()\nTrue\n', 'hidden': False, 'locked': False},
                                   {'code': '>>> double("ab")\n\'abab\'\n>>> double([]) == []\nTrue\n', 'hidden': True, 'locked': False},
                                   {'code': '>>> double(None)\nTraceback (most recent call last):\nTypeError: unsupported operand type(s) for +: \'NoneType\' and \'NoneType\'\n', 'hidden': True, 'locked': False}],
                      'scored': True,
                      'setup': '>>> four = 4',
                      'teardown': '',
                      'type': 'doctest'}]}
