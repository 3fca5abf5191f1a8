"""Group norm that a processor learns through as fast as it should: PyTorch 2.6's own backward pass, for half-precision
activations with channels last, takes two to four times as long, a quarter of the whole training.
"""

import torch
from torch import nn

LARGE = 300000      # numbers, from which on it pays


class _Normalise(torch.autograd.Function):
    """Sums over each channel of each picture in float32; all the rest is a multiply and an add of the channel's own numbers."""

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps):
        def of_group(sums):     # (n, c): the group's mean, for each of its channels
            return (sums.view(len(sums), groups, -1).sum(-1) / count).repeat_interleave(x.shape[1] // groups, 1)

        count = x[0].numel() // groups
        exact = x.float()
        mean, square = of_group(exact.sum((2, 3))), of_group((exact * exact).sum((2, 3)))
        rate = ((square - mean * mean).clamp(min=0) + eps).rsqrt()
        ctx.save_for_backward(x, weight, mean, rate)
        ctx.of_group = of_group
        return (x * spread(rate * weight, x)).add_(spread(bias - mean * rate * weight, x))

    @staticmethod
    def backward(ctx, slope):
        x, weight, mean, rate = ctx.saved_tensors
        sums, products = slope.float().sum((2, 3)), (slope * x).float().sum((2, 3))
        along = (products - mean * sums) * rate                     # of the slope and what was normalised
        pull = rate * rate * ctx.of_group(along * weight)
        push = rate * ctx.of_group(sums * weight) - mean * pull
        inwards = (slope * spread(rate * weight, x)).sub_(x * spread(pull, x)).sub_(spread(push, x))
        return inwards, along.sum(0), sums.sum(0), None, None


def spread(numbers, x):
    return numbers.to(x.dtype)[:, :, None, None]


class GroupNorm(nn.GroupNorm):
    def forward(self, x):
        if x.dtype == torch.bfloat16 and x.device.type == "cpu" and x.requires_grad and x.numel() >= LARGE:
            return _Normalise.apply(x, self.weight, self.bias, self.num_groups, self.eps)
        return super().forward(x)
