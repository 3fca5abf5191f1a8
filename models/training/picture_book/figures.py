"""How pictures compare with true renders: sharpness, Fréchet distance, nearest render, diversity."""

import torch


def grey(pictures):
    return (pictures * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1)


def fine_energy(pictures):
    """Mean energy above a quarter of the band, of grey pictures (n, 3, s, s) in 0..1."""
    picture = grey(pictures)
    picture = picture - picture.mean((1, 2), keepdim=True)
    size = picture.shape[-1]
    frequency = torch.fft.fftfreq(size)
    above = (frequency[:, None] ** 2 + frequency ** 2).sqrt() > 0.25 * 0.5
    return (torch.fft.fft2(picture).abs().square() * above).mean().item()


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def frechet(one, other):
    """Between two sets of features (n, width): of the normal distributions that fit them."""
    one, other = one.double(), other.double()
    a, b = one.T.cov(), other.T.cov()
    half = root(a)
    cross = torch.linalg.eigvalsh(half @ b @ half).clamp(min=0).sqrt().sum()
    return ((one.mean(0) - other.mean(0)).square().sum() + a.trace() + b.trace() - 2 * cross).item()


def spread(pictures):
    """The mean distance, root of the mean square, between any two of some pictures, as a share of the grey scale."""
    flat = pictures.flatten(1)
    distances = torch.cdist(flat, flat) / flat.shape[1] ** 0.5
    return (distances.sum() / (len(flat) * (len(flat) - 1))).item()


def nearest(lpips, picture, renders):
    """LPIPS to the nearest of some renders; pictures in 0..1."""
    return lpips(picture.expand_as(renders) * 2 - 1, renders * 2 - 1).min().item()
