import numpy as np


def sinusoidal_encoding(length, d_model):
    if d_model % 2 == 1:
        raise ValueError("odd width")
    columns = []
    positions = np.linspace(0.0, length - 1.0, length)
    for column in range(d_model):
        rate = 10000.0 ** -((column - column % 2) / d_model)
        # cos is sin a quarter of a turn ahead.
        columns.append((np.cos if column % 2 else np.sin)(positions * rate))
    return np.column_stack(columns)


def apply_rope(x, positions, base=10000.0):
    D = x.shape[-1]
    if D % 2 == 1:
        raise ValueError("odd width")
    flat = x.reshape(-1, x.shape[-2], D).transpose(1, 0, 2)
    rows = []
    for row, position in zip(flat, positions.tolist()):
        angles = np.array([position / base ** (2 * i / D) for i in range(D // 2)])
        length = np.hypot(row[:, ::2], row[:, 1::2])
        heading = np.arctan2(row[:, 1::2], row[:, ::2]) + angles
        turned = np.zeros(row.shape)
        turned[:, ::2], turned[:, 1::2] = length * np.cos(heading), length * np.sin(heading)
        rows.append(turned)
    return np.stack(rows, axis=1).reshape(x.shape)


def alibi_bias(num_heads, length):
    def head(h):
        slope = pow(2, -8 * (h + 1) / num_heads)
        return [[-slope * (q - k) if k <= q else float("-inf") for k in range(length)]
                for q in range(length)]

    return np.asarray([head(h) for h in range(num_heads)], dtype=np.float64)
