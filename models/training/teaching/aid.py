"""What the UNet's middle must tell while it is trained, so that one look finds a scene's subjects and how they look.

Left to the error of its answers alone it learns all of this late or never: no small step leads to a subject whose place is not
known, to a look that is sought in the wrong part, or to anything that hangs on a chance which is not heard.
"""

import torch
from torch import nn
from torch.nn import functional as F

from networks.vae import LATENTS
from teaching.meanings import CHANNELS, SIDE
from world import composer

CELL = 2            # latents along a cell of the middle
FINDERS = 3         # of the middle's last transformer blocks, in which a head for each of a cell's latents must find its part


def place_loss(told, truth):
    """Of what the middle of the UNet tells of every cell: cross entropy of whether a subject is there, and, where one is, squared
    errors of which part of it and cross entropy of which of two."""
    truth = F.avg_pool2d(truth, CELL)
    there, part, second = truth[:, :1], truth[:, 1:3], truth[:, 3:]
    which = F.binary_cross_entropy_with_logits(told[:, 3:], second, reduction="none")
    found = (told[:, 1:3] - part).square().sum(1, keepdim=True) + which
    return F.binary_cross_entropy_with_logits(told[:, :1], there) + (found * there).sum() / there.sum()


def squares(truth):
    """Where subjects' square pictures are, also what they do not cover of them: (n, 1, side, side)."""
    return truth[:, 1:3].abs().amax(1, keepdim=True).sign()


def part_loss(told, look, truth):
    """The squared errors of how each cell of the middle says that the parts in its latents look where there are subjects, and of what
    these cover of their pictures."""
    weights = F.pixel_unshuffle(torch.cat([truth[:, :1].expand(-1, LATENTS, -1, -1), squares(truth)], 1), CELL)
    return ((told - F.pixel_unshuffle(look, CELL)).square() * weights).sum() / weights.sum()


def near(position):
    """Of positions in -1..1 across a portrait, the shares that its five parts have in what is there: (..., 5)."""
    at = ((position + 1) / 2 * SIDE - 0.5).clamp(0, SIDE - 1)
    return (1 - (at[..., None] - torch.arange(SIDE, device=position.device)).abs()).clamp(min=0)


def parts_at(truth):
    """What part of which subject each latent shows, (n, latents, 128), from (n, 4, side, side)."""
    across, up, second = truth[:, 1:].flatten(2).unbind(1)
    square = (near(up)[..., :, None] * near(across)[..., None, :]).flatten(2)
    return torch.cat([square * (1 - second[..., None]), square * second[..., None]], 2)


def split(truth):
    """What a head for each of a cell's latents should look at, (n, heads, cells, 128), and whether a subject's picture is there,
    (n, heads, cells)."""
    each = [truth[..., i::CELL, j::CELL] for i in range(CELL) for j in range(CELL)]
    return torch.stack([parts_at(own) for own in each], 1), torch.stack([squares(own).flatten(1) for own in each], 1)


def mean_where(chosen, values):
    """The mean of those that are chosen; without asking how many these are, for which a GPU would have to be waited for."""
    return (values * chosen).sum() / chosen.sum().clamp(min=1)


def find_loss(attention, x, text, parts, there):
    """Cross entropy of where an attention's first heads look against the parts that are there."""
    scores = attention.scores(x, attention.heads(attention.to_kv(text)))[:, :parts.shape[1]]
    looked = scores.float().log_softmax(-1)[..., -parts.shape[-1]:]
    return -((parts * looked).sum(-1) * there).sum() / there.sum()


class Aid(nn.Module):
    """Thrown away afterwards. From every cell of the middle the four numbers of `place_loss` and the looks of its 2x2 latents, and
    from their mean all the scene's chances; and an eye on where its attention looks."""

    def __init__(self, unet, width):
        super().__init__()
        self.places, self.parts = nn.Conv2d(width, 4, 1), nn.Conv2d(width, CELL * CELL * CHANNELS, 1)
        self.chances, self.sought = nn.Linear(width, composer.CHANCES), {}
        for block in unet.mid_block.attentions[0].transformer_blocks[-FINDERS:]:
            block.attn2.register_forward_pre_hook(self.notice)

    def notice(self, attention, given):
        self.sought[attention] = given

    def losses(self, middle, truth, look, chances, looks_once):
        """By name; chances are asked of those pictures alone that are all noise."""
        place, part = place_loss(self.places(middle).float(), truth), part_loss(self.parts(middle).float(), look, truth)
        heard = self.chances(middle.mean((2, 3))).float()
        parts, there = split(truth)
        find = sum(find_loss(attention, *given, parts, there) for attention, given in self.sought.items()) / len(self.sought)
        self.sought.clear()
        return {"place": place, "part": part, "find": find, "chances": mean_where(looks_once, (heard - chances).square().mean(1))}
