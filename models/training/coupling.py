"""Noise that already says what chance decides.

One look at pure noise can only answer with the mean of all pictures that its caption may mean, unless the noise tells
them apart. So each training picture's noise is white noise whose components along some fixed orthonormal directions are
the normal numbers that its renderer drew (`CHANCES`): a coupling of data and noise, as in Pooladian et al. and Tong et
al. (2023). Those numbers are normal and independent, so the noise stays exactly white, and any seed's noise will do.

The directions are the four Haar patterns of a cell of 2x2, repeated over the whole of one latent channel: a strided
convolution sees the pattern, and attention's mean over all cells brings out the number.
"""

import torch

HAAR = torch.tensor([[[1, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]], dtype=torch.float32)


def directions(count, channels, size):
    """Orthonormal, (count, channels, size, size)."""
    patterns = HAAR.repeat(1, size // 2, size // 2) / size
    each = torch.eye(channels)[:, None, :, None, None] * patterns[None, :, None]
    return each.flatten(0, 1)[:count]


def couple(noise, chances):
    """White noise (n, c, h, h), with normal numbers (n, count) in their places."""
    along = directions(chances.shape[1], noise.shape[1], noise.shape[2]).to(noise)
    missing = chances.to(noise) - torch.einsum("nchw,kchw->nk", noise, along)
    return noise + torch.einsum("nk,kchw->nchw", missing, along)
