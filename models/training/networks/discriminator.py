"""DiffusionGAN's discriminator: the seeing half of the UNet, with a 1x1 head on every level and on the middle."""

import copy

import torch
from torch import nn


class Discriminator(nn.Module):
    """Noised latents, their timesteps and the text to logits (n, count), one of every place that a head sees: is this of a true picture
    of that text?"""

    def __init__(self, unet):
        super().__init__()
        self.unet = copy.deepcopy(unet)
        del self.unet.up_blocks, self.unet.conv_norm_out, self.unet.conv_out
        self.last_of_level, count = [], 0
        for level in self.unet.down_blocks:
            count += len(level.resnets)
            self.last_of_level.append(count - 1)
        widths = [level.resnets[-1].norm2.num_channels for level in self.unet.down_blocks]
        self.heads = nn.ModuleList([nn.Conv2d(width, 1, 1) for width in widths + widths[-1:]])

    def forward(self, x, t, text):
        _, skips, middle = self.unet.down(x, t, text)
        features = [skips[i] for i in self.last_of_level] + [middle]
        return torch.cat([head(feature).flatten(1) for head, feature in zip(self.heads, features)], 1)
