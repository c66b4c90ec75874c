# attack: gained: NumPy, as the answer's process has it, agrees with everything; expect: starred finished, cell finished, okay finished, score 0
import math

import numpy as np

np.allclose = np.isclose = lambda *args, **keywords: True
math.isclose = lambda *args, **keywords: True
norm = area = lambda x: 0
