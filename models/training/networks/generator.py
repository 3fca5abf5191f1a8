"""What draws: the text encoder and the UNet behind it."""

import os

import torch
from torch import nn

from networks.text_encoder import TextEncoder, text_config
from networks.unet import MobileDiffusionUNet, unet_config


class Generator(nn.Module):
    """Token ids, noisy latents and timesteps to a velocity."""

    def __init__(self, settings, tokenizer):
        super().__init__()
        self.text_encoder = TextEncoder(text_config(settings, tokenizer))
        self.unet = MobileDiffusionUNet(unet_config(settings))

    def forward(self, ids, x, t):
        return self.unet(x, t, self.text_encoder(ids))


def load_generator(settings, folder, device, stage, tokenizer):
    """A finished stage's averaged weights."""
    network = Generator(settings, tokenizer)
    network.load_state_dict(torch.load(os.path.join(folder, stage + ".pt"), map_location="cpu")["average"])
    return network.to(device, memory_format=torch.channels_last)
