import parcel


def cubes(*sides):
    return [parcel.Box(side, side, side) for side in sides]
