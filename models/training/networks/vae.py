"""The autoencoder: RGB to 8 latent channels at an eighth of the size, and back.

Both halves are diffusers' AutoencoderKL, name for name: the engine runs the decoder, and the encoder where it starts from
a picture.
"""

import os

import torch
from torch import nn
from torch.nn import functional as F

from networks.group_norm import GroupNorm

EPS = 1e-6
LATENTS, PIXELS = 8, 8      # channels of a latent, and pixels along it


def vae_config(settings):
    return {
        "_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "latent_channels": LATENTS,
        "block_out_channels": list(settings.vae_widths), "layers_per_block": 1, "norm_num_groups": settings.vae_groups,
        "mid_block_add_attention": False, "use_quant_conv": False, "use_post_quant_conv": True, "act_fn": "silu",
        "scaling_factor": 1.0, "sample_size": settings.size}


class Resnet(nn.Module):
    def __init__(self, inputs, outputs, groups):
        super().__init__()
        self.norm1 = GroupNorm(groups, inputs, EPS)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = GroupNorm(groups, outputs, EPS)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Upsampler(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class MidAttention(nn.Module):
    """One head over all positions."""

    def __init__(self, width, groups):
        super().__init__()
        self.group_norm = GroupNorm(groups, width, EPS)
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x):
        tokens = self.group_norm(x).flatten(2).transpose(1, 2)
        scores = self.to_q(tokens) @ self.to_k(tokens).transpose(1, 2) * x.shape[1] ** -0.5
        return x + self.to_out[0](scores.softmax(-1) @ self.to_v(tokens)).transpose(1, 2).reshape(x.shape)


class MidBlock(nn.Module):
    def __init__(self, width, groups, attention):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(width, width, groups) for _ in range(2)])
        self.attentions = nn.ModuleList([MidAttention(width, groups)] if attention else [])

    def forward(self, x):
        x = self.resnets[0](x)
        for attention in self.attentions:
            x = attention(x)
        return self.resnets[1](x)


class UpBlock(nn.Module):
    def __init__(self, inputs, outputs, resnets, groups, upsample):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(inputs if j == 0 else outputs, outputs, groups) for j in range(resnets)])
        self.upsamplers = nn.ModuleList([Upsampler(outputs)] if upsample else [])

    def forward(self, x):
        for resnet in self.resnets:
            x = resnet(x)
        for upsampler in self.upsamplers:
            x = upsampler(x)
        return x


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        widths, groups = config["block_out_channels"][::-1], config["norm_num_groups"]
        self.conv_in = nn.Conv2d(config["latent_channels"], widths[0], 3, padding=1)
        self.mid_block = MidBlock(widths[0], groups, config["mid_block_add_attention"])
        self.up_blocks = nn.ModuleList([
            UpBlock(widths[max(i - 1, 0)], width, config["layers_per_block"] + 1, groups, i + 1 < len(widths))
            for i, width in enumerate(widths)])
        self.conv_norm_out = GroupNorm(groups, widths[-1], EPS)
        self.conv_out = nn.Conv2d(widths[-1], config["out_channels"], 3, padding=1)

    def forward(self, z):
        x = self.mid_block(self.conv_in(z))
        for block in self.up_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class Downsampler(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class DownBlock(nn.Module):
    def __init__(self, inputs, outputs, resnets, groups, downsample):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(inputs if j == 0 else outputs, outputs, groups) for j in range(resnets)])
        self.downsamplers = nn.ModuleList([Downsampler(outputs)] if downsample else [])

    def forward(self, x):
        for resnet in self.resnets:
            x = resnet(x)
        for downsampler in self.downsamplers:
            x = downsampler(x)
        return x


class Whiten(nn.BatchNorm2d):
    """Gives each channel a mean of 0 and a variance of 1 over all pictures, by batch renormalisation (Ioffe, 2017): the answers
    are those of the running figures, the slopes those of the batch.

    A batch's own figures are those of a few crops. Taken from these, a picture's mean colour is what its neighbours in the
    batch make of it, which no decoder can undo: the error of the colours read from the latents stayed at 0.17 for 3,000 steps,
    and fell to 0.04 in 75 without; after 225 the autoencoder was better by 1.6 dB.
    """

    def __init__(self, channels):
        super().__init__(channels, affine=False, momentum=0.01)

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        with torch.no_grad():
            self.num_batches_tracked += 1
            share = max(self.momentum, 1 / self.num_batches_tracked.item())
            self.running_var.lerp_((x - column(self.running_mean)).square().mean((0, 2, 3)), share)
            self.running_mean.lerp_(mean, share)
            deviation = (self.running_var + self.eps).sqrt()
            spread, shift = (variance + self.eps).sqrt() / deviation, (mean - self.running_mean) / deviation
        return (x - column(mean)) * column((variance + self.eps).rsqrt() * spread) + column(shift)


def column(channels):
    return channels[None, :, None, None]


class Encoder(nn.Module):
    """Answers with the latents' means; the other half of `conv_out`, their log variances, is left untrained."""

    def __init__(self, config):
        super().__init__()
        widths, groups = config["block_out_channels"], config["norm_num_groups"]
        self.conv_in = nn.Conv2d(config["in_channels"], widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList([
            DownBlock(widths[max(i - 1, 0)], width, config["layers_per_block"], groups, i + 1 < len(widths))
            for i, width in enumerate(widths)])
        self.mid_block = MidBlock(widths[-1], groups, config["mid_block_add_attention"])
        self.conv_norm_out = GroupNorm(groups, widths[-1], EPS)
        self.conv_out = nn.Conv2d(widths[-1], 2 * config["latent_channels"], 3, padding=1)
        # Whitens each latent channel, so that the decoder, the noise and the scheduler all see unit variance.
        self.whiten = Whiten(config["latent_channels"])

    def forward(self, pixels):
        x = self.conv_in(pixels)
        for block in self.down_blocks:
            x = block(x)
        means, _ = self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x)))).chunk(2, 1)
        return self.whiten(means.float())


class Autoencoder(nn.Module):
    """Pixels are -1..1."""

    def __init__(self, config):
        super().__init__()
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        if config["use_post_quant_conv"]:
            self.post_quant_conv = nn.Conv2d(config["latent_channels"], config["latent_channels"], 1)

    def encode(self, pixels):
        return self.encoder(pixels)

    def decode(self, latents):
        return self.decoder(self.post_quant_conv(latents) if hasattr(self, "post_quant_conv") else latents)


@torch.no_grad()
def begin_straight(network):
    """Starts as a nearly linear network: residual branches silent, resampling that passes its channels on.

    Learns faster from the first step on: after 80, by 0.9 dB.
    """
    for part in network.modules():
        if isinstance(part, Resnet):
            nn.init.zeros_(part.conv2.weight)
            nn.init.zeros_(part.conv2.bias)
            if hasattr(part, "conv_shortcut"):
                nn.init.orthogonal_(part.conv_shortcut.weight)
        elif isinstance(part, (Upsampler, Downsampler)):
            weight = part.conv.weight.mul_(0.3)
            same = torch.arange(len(weight))
            if isinstance(part, Upsampler):
                weight[same, same, 1, 1] += 1
            else:
                weight[same, same, :2, :2] += 0.25


def load_vae(settings, folder, device):
    """The averaged weights of the stage `vae`, ready for use."""
    network = Autoencoder(vae_config(settings))
    network.load_state_dict(torch.load(os.path.join(folder, "vae.pt"), map_location="cpu")["average"])
    return network.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
