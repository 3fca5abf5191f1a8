#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Whether the training recipe moves latents as it moves pictures: training_equivariance_test.py SOURCE_DIR."""
import math
import os
import sys
import unittest

import torch
from torch.nn import functional as F

SIDE = 128      # pixels


def waves(count):
    """Smooth pictures, no two alike and none its own mirror image."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
    return torch.stack([torch.stack([torch.sin(a * x + b * y + c + i) for a, b, c in ((1.2, 0.7, 0), (0.4, -1.5, 1), (1.7, 0.2, 2))])
                        for i in range(count)])


class Means(torch.nn.Module):
    """An autoencoder of mean colours: as its latents are the picture, they move with it."""

    def encode(self, pixels):
        return F.avg_pool2d(pixels, equivariance.PIXELS)

    def decode(self, latents):
        return F.interpolate(latents, scale_factor=equivariance.PIXELS, mode="bilinear", align_corners=False)


class Lopsided(Means):
    """Whose latents tell left from right."""

    def encode(self, pixels):
        return super().encode(pixels) * torch.linspace(-1, 1, pixels.shape[-1] // equivariance.PIXELS)


class Equivariance(unittest.TestCase):
    def losses(self, network, times=20):
        """Means of how far latents are apart and of what decoding them costs, over many moves."""
        torch.manual_seed(1)
        truth = waves(8)
        found = [torch.stack(equivariance.moved_losses(network, truth, torch.ones_like(truth[:, :1]), network.encode(truth), DEFAULT))
                 for _ in range(times)]
        return torch.stack(found).mean(0).tolist()

    def test_latents_that_are_the_picture_move_with_it(self):
        apart, moved = self.losses(Means())
        self.assertLess(apart, 0.002)
        self.assertLess(moved, 0.1)

    def test_others_do_not(self):
        self.assertGreater(self.losses(Lopsided())[0], 0.1)

    def test_mirrors_about_as_often_as_not_and_tilts_a_little(self):
        torch.manual_seed(2)
        moves = equivariance.draw_moves(1000, 1.0, "cpu")
        mirrored = (moves[:, 0, 0] < 0).float().mean().item()
        self.assertTrue(0.4 < mirrored < 0.6, mirrored)
        self.assertLess((moves[:, 0, 1].abs() / moves[:, 1, 1]).max().item(), math.tan(equivariance.TILT) + 1e-6)
        reach = moves[:, :, :2].abs().sum(2) + moves[:, :, 2].abs()     # of a square's corners; past 1, its border goes on
        self.assertLess(reach.max().item(), 1.25)


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(sys.argv.pop(1), "models", "training"))
    from settings import DEFAULT
    from teaching import equivariance
    unittest.main()
