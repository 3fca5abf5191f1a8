"""MobileDiffusionUNet (Zhao et al., 2023): convolutions outside, transformers where the picture is small.

Separable convolutions where a level asks for them, one projection for keys and values, gated SiLU feed-forwards, and
softmax or relu attention. Names and configuration keys are the engine's.
"""

import math
from contextlib import nullcontext

import torch
from torch import nn
from torch.nn import functional as F

from networks.group_norm import GroupNorm


def unet_config(settings):
    levels = len(settings.unet_widths)
    return {
        "_class_name": "MobileDiffusionUNet", "in_channels": 8, "out_channels": 8,
        "block_out_channels": list(settings.unet_widths), "resnets_per_block": list(settings.unet_resnets),
        "transformer_layers_per_block": list(settings.unet_transformers),
        "self_attention": list(settings.unet_self_attention), "separable": list(settings.unet_separable),
        "downsample": [True] * (levels - 1), "mid_transformer_layers": settings.unet_mid_transformers,
        "mid_separable": True, "cross_attention_dim": settings.text_width, "attention_head_dim": settings.unet_head,
        "feed_forward_ratio": settings.unet_ratio, "norm_num_groups": settings.unet_groups,
        "attention_kind": "softmax", "sample_size": settings.size // 8,
        "sample_sizes": [side // 8 for side in settings.sizes]}


def conv3x3(inputs, outputs, separable):
    return Separable(inputs, outputs) if separable else nn.Conv2d(inputs, outputs, 3, padding=1)


class Separable(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Resnet(nn.Module):
    def __init__(self, inputs, outputs, time_width, groups, separable):
        super().__init__()
        self.norm1 = GroupNorm(groups, inputs, 1e-5)
        self.conv1 = conv3x3(inputs, outputs, separable)
        self.time_emb_proj = nn.Linear(time_width, outputs)
        self.norm2 = GroupNorm(groups, outputs, 1e-5)
        self.conv2 = conv3x3(outputs, outputs, separable)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time):
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(F.silu(time))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


def twice_differentiable():
    """A context in which a GPU's attention has second derivatives."""
    return torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH) if torch.cuda.is_available() else nullcontext()


class Attention(nn.Module):
    """Keys are values: one projection serves as both."""

    def __init__(self, width, context, config):
        super().__init__()
        self.head_width, self.kind = config["attention_head_dim"], config["attention_kind"]
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(context, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def heads(self, tokens):
        return tokens.view(*tokens.shape[:2], -1, self.head_width).transpose(1, 2)

    def scores(self, x, kv):
        return self.heads(self.to_q(x)) @ kv.transpose(-1, -2) * self.head_width ** -0.5

    def forward(self, x, context):
        kv = self.heads(self.to_kv(context))
        if self.kind == "softmax" and x.is_cuda:    # elsewhere the passes below are the faster ones
            looked = F.scaled_dot_product_attention(self.heads(self.to_q(x)), kv, kv)
            return self.to_out[0](looked.transpose(1, 2).reshape(x.shape))
        scores = self.scores(x, kv)
        weights = scores.softmax(-1) if self.kind == "softmax" else F.relu(scores) / kv.shape[2]
        return self.to_out[0]((weights.to(kv.dtype) @ kv).transpose(1, 2).reshape(x.shape))


class FeedForward(nn.Module):
    def __init__(self, width, ratio):
        super().__init__()
        self.proj = nn.Linear(width, ratio * width)
        self.out = nn.Linear(ratio * width // 2, width)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, -1)
        return self.out(value * F.silu(gate))


class TransformerBlock(nn.Module):
    def __init__(self, width, self_attention, config):
        super().__init__()
        if self_attention:
            self.norm1, self.attn1 = nn.LayerNorm(width), Attention(width, width, config)
        self.norm2, self.attn2 = nn.LayerNorm(width), Attention(width, config["cross_attention_dim"], config)
        self.norm3, self.ff = nn.LayerNorm(width), FeedForward(width, config["feed_forward_ratio"])

    def forward(self, x, text):
        if hasattr(self, "attn1"):
            normed = self.norm1(x)
            x = x + self.attn1(normed, normed)
        x = x + self.attn2(self.norm2(x), text)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, width, layers, self_attention, config):
        super().__init__()
        self.norm = GroupNorm(config["norm_num_groups"], width, 1e-6)
        self.proj_in, self.proj_out = nn.Linear(width, width), nn.Linear(width, width)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(width, self_attention, config) for _ in range(layers)])

    def forward(self, x, text):
        tokens = self.proj_in(self.norm(x).flatten(2).transpose(1, 2))
        for block in self.transformer_blocks:
            tokens = block(tokens, text)
        return x + self.proj_out(tokens).transpose(1, 2).reshape(x.shape)


class Level(nn.Module):
    """One resolution, on the way down or up: resnets, each followed by a transformer where the level has layers."""

    def __init__(self, inputs, width, level, config):
        super().__init__()
        layers = config["transformer_layers_per_block"][level]
        self.resnets = nn.ModuleList([
            Resnet(n, width, 4 * config["block_out_channels"][0], config["norm_num_groups"], config["separable"][level])
            for n in inputs])
        self.attentions = nn.ModuleList([
            Transformer(width, layers, config["self_attention"][level], config) for _ in inputs] if layers else [])

    def step(self, j, x, time, text):
        x = self.resnets[j](x, time)
        return self.attentions[j](x, text) if self.attentions else x


class Middle(nn.Module):
    def __init__(self, width, config):
        super().__init__()
        arguments = (width, width, 4 * config["block_out_channels"][0], config["norm_num_groups"], config["mid_separable"])
        self.resnets = nn.ModuleList([Resnet(*arguments), Resnet(*arguments)])
        self.attentions = nn.ModuleList([Transformer(width, config["mid_transformer_layers"], True, config)])

    def forward(self, x, time, text):
        return self.resnets[1](self.attentions[0](self.resnets[0](x, time), text), time)


class TimeEmbedding(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, 4 * width)

    def forward(self, timesteps):
        half = self.linear_1.in_features // 2
        rates = torch.exp(-math.log(10000) * torch.arange(half, device=timesteps.device) / half)
        angles = timesteps.float()[:, None] * rates
        return self.linear_2(F.silu(self.linear_1(torch.cat([angles.cos(), angles.sin()], 1))))


class MobileDiffusionUNet(nn.Module):
    """Noisy latents (n, c, h, w), timesteps (n), text (n, length, width) to a prediction of the latents' shape."""

    def __init__(self, config):
        super().__init__()
        widths, counts = config["block_out_channels"], config["resnets_per_block"]
        self.time_embedding = TimeEmbedding(widths[0])
        self.conv_in = nn.Conv2d(config["in_channels"], widths[0], 3, padding=1)
        self.down_blocks, skips, width = nn.ModuleList(), [], widths[0]
        for i, (wide, count) in enumerate(zip(widths, counts)):
            level = Level([width] + [wide] * (count - 1), wide, i, config)
            if i + 1 < len(widths) and config["downsample"][i]:
                level.downsampler = nn.Conv2d(wide, wide, 3, stride=2, padding=1)
            self.down_blocks.append(level)
            skips, width = skips + [wide] * count, wide
        self.mid_block = Middle(width, config)
        self.up_blocks = nn.ModuleList()
        for i in reversed(range(len(widths))):
            inputs = []
            for _ in range(counts[i]):
                inputs.append(width + skips.pop())
                width = widths[i]
            level = Level(inputs, width, i, config)
            if i > 0 and config["downsample"][i - 1]:
                level.upsampler = nn.Conv2d(width, width, 3, padding=1)
            self.up_blocks.append(level)
        self.conv_norm_out = GroupNorm(config["norm_num_groups"], widths[0], 1e-5)
        self.conv_out = nn.Conv2d(widths[0], config["out_channels"], 3, padding=1)

    def down(self, x, timesteps, text):
        """The half that sees: the time embedding, every resnet's output, and the middle's."""
        time = self.time_embedding(timesteps)
        x, skips = self.conv_in(x), []
        for level in self.down_blocks:
            for j in range(len(level.resnets)):
                x = level.step(j, x, time, text)
                skips.append(x)
            if hasattr(level, "downsampler"):
                x = level.downsampler(x)
        return time, skips, self.mid_block(x, time, text)

    def forward(self, x, timesteps, text):
        return self.up(*self.down(x, timesteps, text), text)

    def up(self, time, skips, x, text):
        """The half that draws, from what `down` gave."""
        for level in self.up_blocks:
            for j in range(len(level.resnets)):
                x = level.step(j, torch.cat([x, skips.pop()], 1), time, text)
            if hasattr(level, "upsampler"):
                x = level.upsampler(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.conv_out(F.silu(self.conv_norm_out(x)))
