"""How pictures compare with true renders: sharpness, Fréchet distance, nearest render, diversity. Pictures are (n, 3, s, s) in 0..1."""

import torch
from torch.nn import functional as F

MAIN = 48               # directions that Fréchet distances are taken along: a few hundred pictures tell no more
SEEN = 0.15             # of the grey scale: what differs so much from the paper is the thing on it
SIDE = 32               # at which things are compared with each other's mirror images


def grey(pictures):
    return (pictures * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1)


def fine_energy(pictures):
    """Mean energy above a quarter of the band, of grey pictures."""
    size = pictures.shape[-1]
    frequency = torch.fft.fftfreq(size)
    above = (frequency[:, None] ** 2 + frequency ** 2).sqrt() > 0.25 * 0.5
    sums = [(torch.fft.fft2(grey(some)).abs().square() * above).sum().item() for some in pictures.split(64)]
    return sum(sums) / (len(pictures) * size ** 2)


def main_directions(features):
    """(width, MAIN): along which some features (n, width) differ most."""
    return torch.linalg.svd(features.double() - features.double().mean(0), full_matrices=False).Vh[:MAIN].T


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def frechet(one, other, directions):
    """Between two sets of features (n, width) along some directions: of the normal distributions that fit them."""
    one, other = one.double() @ directions, other.double() @ directions
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
    picture, renders = picture.to(lpips.mean.device), renders.to(lpips.mean.device)
    return lpips(picture.expand_as(renders) * 2 - 1, renders * 2 - 1).min().item()


def things(pictures):
    """Of one thing on plain paper each: its middle and size as shares of the picture (n, 3), and itself (n, 3, SIDE, SIDE)."""
    places, cut = [], []
    for picture in pictures:
        paper = torch.cat([picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1]], 1).median(1).values
        seen = (picture - paper[:, None, None]).abs().amax(0) > SEEN
        rows, columns = seen.any(1).nonzero().flatten(), seen.any(0).nonzero().flatten()
        if not len(rows):
            rows = columns = torch.arange(picture.shape[-1])
        top, bottom, left, right = rows[0].item(), rows[-1].item() + 1, columns[0].item(), columns[-1].item() + 1
        places.append(torch.tensor([left + right, top + bottom, 2 * max(bottom - top, right - left)]) / (2 * picture.shape[-1]))
        cut.append(F.interpolate(picture[None, :, top:bottom, left:right], size=(SIDE, SIDE), mode="area")[0])
    return torch.stack(places), torch.stack(cut)


def mirrored(cut):
    """The share of pairs that are more alike when one of them is mirrored: nearly half where chance decides."""
    flat, turned = cut.flatten(1), cut.flip(-1).flatten(1)
    nearer = (torch.cdist(flat, turned) < torch.cdist(flat, flat)).float()
    return ((nearer.sum() - nearer.diagonal().sum()) / (len(cut) * (len(cut) - 1))).item()


def light(pictures):
    """How much the pictures' mean colours differ."""
    return pictures.mean((2, 3)).std(0).mean().item()
