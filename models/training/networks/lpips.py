"""LPIPS (Zhang et al., 2018) on SqueezeNet 1.1, from weights that are no part of this project: None where not found."""

import os

import torch
from torch import nn
from torch.nn import functional as F

from networks import safetensors_io

MEAN, DEVIATION = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
POOLED_BEFORE = (3, 6, 9)
HEARD = (4, 7, 9, 10, 11, 12)


class Fire(nn.Module):
    def __init__(self, inputs, narrow, wide):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, narrow, 1)
        self.expand1x1, self.expand3x3 = nn.Conv2d(narrow, wide, 1), nn.Conv2d(narrow, wide, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


class LPIPS(nn.Module):
    def __init__(self, folder):
        super().__init__()
        tensors = {n: t.float() for n, t in safetensors_io.load(os.path.join(folder, "squeezenet1_1.safetensors")).items()}
        heads = {n: t.float() for n, t in safetensors_io.load(os.path.join(folder, "lpips_squeeze.safetensors")).items()}
        layers = {"0": nn.Conv2d(3, 64, 3, stride=2)}
        for k in FIRES:
            shape = tensors[f"features.{k}.squeeze.weight"].shape
            layers[str(k)] = Fire(shape[1], shape[0], tensors[f"features.{k}.expand1x1.weight"].shape[0])
        self.features = nn.ModuleDict(layers)
        self.load_state_dict({n: t for n, t in tensors.items() if n.startswith("features.")})
        for k in range(7):
            self.register_buffer(f"head{k}", next(t for n, t in sorted(heads.items()) if n.startswith(f"lin{k}")).view(1, -1, 1, 1))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def layers(self, x):
        x = F.relu(self.features["0"]((x - self.mean) / self.deviation))
        answers = [x]
        for k in FIRES:
            if k in POOLED_BEFORE:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = self.features[str(k)](x)
            if k in HEARD:
                answers.append(x)
        return [a * (a.square().sum(1, keepdim=True) + 1e-10).rsqrt() for a in answers]

    def forward(self, one, other):
        """Of pictures in -1..1: one number each."""
        with torch.no_grad():
            known = self.layers(other)
        return sum(((a - b).square() * getattr(self, f"head{k}")).sum(1).mean((1, 2))
                   for k, (a, b) in enumerate(zip(self.layers(one), known)))


def load_lpips(folder, device="cpu"):
    if not folder or not os.path.exists(os.path.join(folder, "lpips_squeeze.safetensors")):
        return None
    return LPIPS(folder).to(device, memory_format=torch.channels_last)
