OK_FORMAT = True

test = {   'name': 'q3',
    'points': 3,
    'all_or_nothing': True,
    'suites': [   {   'cases': [   {'code': '>>> double(0.5)\n1.0\n', 'hidden': False, 'locked': False},
                                   {'code': '>>> Counter().up()\n1\n', 'hidden': True, 'locked': False}],
                      'scored': True,
                      'setup': '',
                      'teardown': '',
                      'type': 'doctest'}]}
