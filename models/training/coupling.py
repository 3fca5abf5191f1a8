"""Noise that already says what chance decides.

One look at pure noise can only answer with the mean of all pictures that its caption may mean, unless the noise tells
them apart. So each training picture's noise is white noise whose components along some fixed orthonormal directions are
the normal numbers that its renderer drew (`CHANCES`): a coupling of data and noise, as in Pooladian et al. and Tong et
al. (2023). Those numbers are normal and independent, so the noise stays exactly white, and any seed's noise will do.

The directions are the four Haar patterns of a cell of 2x2, repeated over the whole of one latent channel, and where these
are too few the sixteen of a cell of 4x4: a strided convolution sees the pattern, and attention's mean over all cells brings
out the number. A number is a sixteenth of the
noise in every cell, which is hard to find at first: training begins with the rest of the noise turned down.
"""

import torch

HAAR = torch.tensor([[[1, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]], dtype=torch.float32)


def directions(count, channels, size):
    """Orthonormal, (count, channels, size, size)."""
    cell = HAAR if count <= len(HAAR) * channels else torch.einsum("aij,bkl->abikjl", HAAR, HAAR).reshape(16, 4, 4)
    patterns = cell.repeat(1, size // cell.shape[-1], size // cell.shape[-1]) / size
    each = torch.eye(channels)[:, None, :, None, None] * patterns[None, :, None]
    return each.flatten(0, 1)[:count]


def numbers(noise, count):
    """What noise (n, c, h, h) says: (n, count)."""
    return torch.einsum("nchw,kchw->nk", noise, directions(count, *noise.shape[1:3]).to(noise))


def couple(noise, chances, loudness=1.0):
    """White noise (n, c, h, h), with normal numbers (n, count) in their places and the rest of it as loud as is said."""
    along = directions(chances.shape[1], *noise.shape[1:3]).to(noise)
    missing = chances.to(noise) - loudness * numbers(noise, chances.shape[1])
    return loudness * noise + torch.einsum("nk,kchw->nchw", missing, along)
