"""What makes latents move with the picture: moved latents must be the moved picture's, and decode to it.

After EQ-VAE (Kouzelis et al., 2025). Without it a thing's mirror image had latents of which the mirrored ones explained 58%, and
those at half the size as much: the UNet had to learn each thing anew for every place, size and way that it looks.
"""

import math

import torch
from torch.nn import functional as F

from networks.vae import PIXELS
from teaching.batches import error_weights
from teaching.crops import reconstruction_loss
from training import autocast

SHARES = (0.5, 0.625, 0.75, 1.0)    # of a side that moved ones may have
CLOSEST = 0.7                       # the least part of a side that is seen of pictures which keep their size
TILT = math.radians(12)


def draw_moves(count, share, device):
    """Affine maps (n, 2, 3) of a square on itself: mirror images, tilts, and windows where nothing is made smaller."""
    def uniform(low, high):
        return low + (high - low) * torch.rand(count, device=device)

    mirror, tilt = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0), uniform(-TILT, TILT)
    seen = uniform(CLOSEST if share == 1 else 1, 1)
    across, down = (uniform(-1, 1) * (1 - seen) for _ in range(2))
    cos, sin = seen * tilt.cos(), seen * tilt.sin()
    return torch.stack([torch.stack([mirror * cos, -sin, across], 1), torch.stack([mirror * sin, cos, down], 1)], 1)


def resampled(x, moves, side):
    grid = F.affine_grid(moves, (len(x), x.shape[1], side, side), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def moved_losses(network, truth, mask, latents, settings):
    """The mean squared error of half a batch's moved latents against those of the moved pictures, and what decoding them costs."""
    truth, mask, latents = (x[:max(1, len(x) // 2)] for x in (truth, mask, latents))
    share = SHARES[torch.randint(len(SHARES), (1,)).item()]
    side = round(latents.shape[-1] * share)
    moves = draw_moves(len(truth), share, truth.device)
    pixels, inside = resampled(torch.cat([truth, mask], 1), moves, PIXELS * side).split([3, 1], 1)
    expected = resampled(latents.float(), moves, side)
    with autocast(truth.device):
        found = network.encode(pixels.contiguous(memory_format=torch.channels_last))
        answer = network.decode(expected + settings.vae_noise * torch.randn_like(expected)).float()
    weights = error_weights(F.avg_pool2d(inside, PIXELS), settings.vae_mask_weight)
    return ((found.float() - expected).square() * weights).mean(), reconstruction_loss(answer, pixels, inside, settings.vae_mask_weight)
