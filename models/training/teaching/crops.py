"""What autoencoders learn from: windows of the rendered scenes, and what an answer to one costs."""

import numpy as np
import torch

from training import autocast
from world.scene_cache import caches


class Crops:
    """Windows of the rendered scenes; three in four are centred near a pixel of a subject."""

    def __init__(self, settings, folder, seed):
        self.settings, self.caches, self.random = settings, caches(settings, folder), np.random.default_rng(seed)

    def window(self, side):
        cache = self.caches[int(self.random.integers(2))]
        picture = cache.data[int(self.random.integers(max(1, cache.done)))]
        if side >= cache.size:
            return picture
        centre = self.random.integers(0, cache.size, 2)
        if self.random.random() < 0.75:
            ys, xs = np.nonzero(picture[::4, ::4, 3] > 128)
            if len(ys):
                k = int(self.random.integers(len(ys)))
                centre = np.array([ys[k], xs[k]]) * 4 + self.random.integers(-side // 3, side // 3 + 1, 2)
        top, left = np.clip(centre - side // 2, 0, cache.size - side) // 2 * 2
        return picture[top:top + side, left:left + side]

    def draw(self, whole):
        """Pixels in -1..1 and masks, as many pixels in either kind of batch."""
        side = self.settings.size // 2 if whole else self.settings.vae_crop
        count = max(2, self.settings.vae_batch * self.settings.vae_crop ** 2 // side ** 2)
        windows = [self.window(side) for _ in range(count)]
        windows = [w[:, ::-1] if self.random.random() < 0.5 else w for w in windows]
        batch = torch.from_numpy(np.ascontiguousarray(np.stack(windows))).permute(0, 3, 1, 2)
        return batch[:, :3].float() / 127.5 - 1, batch[:, 3:].float() / 255


def reconstruction_loss(answer, truth, mask, mask_weight):
    """L1 on pixels and on their differences, the subject's pixels weighing more."""
    weight = 1 + (mask_weight - 1) * mask
    weight = weight / weight.mean()
    pixels = ((answer - truth).abs() * weight).mean()
    error = answer - truth
    edges = ((error[..., 1:] - error[..., :-1]).abs() * weight[..., 1:]).mean() \
        + ((error[..., 1:, :] - error[..., :-1, :]).abs() * weight[..., 1:, :]).mean()
    return pixels + 0.5 * edges


def rebuild(network, crops, settings, device):
    """A batch of pixels with its masks, their latents, and what is decoded of these when they are a little noisy."""
    whole = crops.random.random() < settings.vae_whole_share
    truth, mask = (t.to(device, memory_format=torch.channels_last) for t in crops.draw(whole))
    with autocast(device):
        latents = network.encode(truth)
        answer = network.decode(latents + settings.vae_noise * torch.randn_like(latents)).float()
    return truth, mask, latents, answer
