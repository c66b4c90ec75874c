from .box import Box

RATE = 2


def cost(boxes):
    return RATE * sum(box.volume for box in boxes if isinstance(box, Box))
