# right: torch's conv2d, max_pool2d and softmax in float64
import numpy as np
import torch
import torch.nn.functional as F


def conv_output_size(size, kernel_size, stride=1, padding=0):
    if size + 2 * padding < kernel_size:
        raise ValueError
    return int(torch.empty(1, 1, size + 2 * padding).unfold(2, kernel_size, stride).shape[2])


def conv2d(x, weight, bias, stride=1, padding=0):
    x, weight, bias = (torch.from_numpy(np.array(a)) for a in (x, weight, bias))
    try:
        return F.conv2d(x, weight, bias, stride=stride, padding=padding).numpy()
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def max_pool2d(x, kernel_size, stride=None):
    return F.max_pool2d(torch.tensor(x), kernel_size, stride).numpy()


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    tensors = [torch.tensor(a) for a in (x, conv_weight, conv_bias, fc_weight, fc_bias)]
    x, conv_weight, conv_bias, fc_weight, fc_bias = tensors
    hidden = F.max_pool2d(F.relu(F.conv2d(x, conv_weight, conv_bias)), 2)
    return F.softmax(F.linear(hidden.flatten(1), fc_weight.T, fc_bias), dim=1).numpy()
