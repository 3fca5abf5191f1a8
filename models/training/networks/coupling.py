"""Noise that already says what chance decides.

One look at pure noise can only answer with the mean of all pictures that its caption may mean, unless the noise tells
them apart. So each training picture's noise is white noise whose components along some fixed orthonormal directions are
the normal numbers that its renderer drew (`CHANCES`): a coupling of data and noise, as in Pooladian et al. and Tong et
al. (2023). Those numbers are normal and independent, so the noise stays exactly white, and any seed's noise will do.

The directions are the four Haar patterns of a cell of 2x2, repeated over the whole of one latent channel: a strided
convolution sees the pattern, and attention's mean over all cells brings out the number. Only where those of all channels are
too few do patterns of 4x4 follow, whose sign changes from one 2x2 cell to the next: a network without a sense of place hardly
hears them, so the chances that matter most come first. A number is a sixteenth of the noise in every cell, which is hard to
find at first: training begins with the rest of the noise turned down.
"""

import functools

import torch

HAAR = torch.tensor([[[1, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]], dtype=torch.float32)


@functools.lru_cache(None)
def directions(count, channels, size, device="cpu"):
    """Orthonormal, (count, channels, size, size); the same tensor for all who ask."""
    every = [HAAR.repeat(1, size // 2, size // 2)]
    if count > len(HAAR) * channels:
        cells = torch.einsum("aij,bkl->abikjl", HAAR[1:], HAAR).reshape(-1, len(HAAR), 4, 4)
        every += list(cells.repeat(1, 1, size // 4, size // 4))
    each = torch.stack(every)[:, None, :, None] / size * torch.eye(channels)[:, None, :, None, None]
    return each.flatten(0, 2)[:count].to(device)


def numbers(noise, count):
    """What noise (n, c, h, h) says: (n, count)."""
    return torch.einsum("nchw,kchw->nk", noise, directions(count, *noise.shape[1:3], noise.device).to(noise.dtype))


def couple(noise, chances, loudness=1.0):
    """White noise (n, c, h, h), with normal numbers (n, count) in their places and the rest of it as loud as is said."""
    along = directions(chances.shape[1], *noise.shape[1:3], noise.device).to(noise.dtype)
    missing = chances.to(noise) - loudness * numbers(noise, chances.shape[1])
    return loudness * noise + torch.einsum("nk,kchw->nchw", missing, along)
