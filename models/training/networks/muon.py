"""Muon (Jordan et al., 2024; scaled as by Liu et al., 2025): matrices take steps whose singular values are all alike.

A step that Adam would spend on the few directions in which the gradient is large moves all directions as far. What is no matrix
(biases, norms, embeddings, thin layers) is left to AdamW.
"""

from collections import defaultdict

import torch

from training import adamw, has_fast_bfloat16, rate_in_memory

THINNEST = 32
MOMENTUM = 0.95
LIKE_ADAM = 0.2         # the root mean square of AdamW's usual step, so that both take the same rate
# Of a quintic whose fifth iterate is within 0.3 of 1 for every singular value above a hundredth of the norm.
QUINTIC, ITERATIONS = (3.4445, -4.7750, 2.0315), 5


def orthogonal(matrices):
    """Of matrices (n, rows, columns), their singular values replaced by ones, or nearly so."""
    a, b, c = QUINTIC
    kind = matrices.device.type
    x = matrices.bfloat16() if has_fast_bfloat16(kind) else matrices.float()
    is_tall = x.shape[1] > x.shape[2]
    if is_tall:
        x = x.transpose(1, 2)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.transpose(1, 2)
        x = a * x + (b * square + c * square @ square) @ x
    return (x.transpose(1, 2) if is_tall else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(self, groups, rate, decay):
        super().__init__(groups, {"lr": rate, "decay": decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alike = defaultdict(list)       # by shape, to be multiplied together
            for weight in group["params"]:
                if weight.grad is not None:
                    alike[weight.shape].append(weight)
                    if not self.state[weight]:
                        self.state[weight]["mean"] = torch.zeros_like(weight)
            for shape, weights in alike.items():
                grads, means = [weight.grad for weight in weights], [self.state[weight]["mean"] for weight in weights]
                torch._foreach_mul_(means, MOMENTUM)
                torch._foreach_add_(means, grads, alpha=1 - MOMENTUM)
                ways = torch.stack(grads).lerp(torch.stack(means), MOMENTUM).flatten(2)         # Nesterov's
                torch._foreach_mul_(weights, 1 - group["lr"] * group["decay"])
                rate = group["lr"] * LIKE_ADAM * max(ways.shape[1:]) ** 0.5
                torch._foreach_sub_(weights, list((orthogonal(ways) * rate).view(-1, *shape)))


class MuonAndAdamW:
    """One optimiser to those who use it."""

    def __init__(self, networks, rate, decay=0.01):
        modules = [module for network in networks for module in network.modules()]
        tables = {id(module.weight) for module in modules if isinstance(module, torch.nn.Embedding)}
        def suits(weight):
            return weight.ndim >= 2 and min(len(weight), weight[0].numel()) >= THINNEST and id(weight) not in tables
        weights = [weight for network in networks for weight in network.parameters() if weight.requires_grad]
        matrices, rest = [w for w in weights if suits(w)], [w for w in weights if not suits(w)]
        self.parts = [rate_in_memory(Muon(matrices, rate, decay))] if matrices else []      # a smoke run's autoencoder has none
        self.parts.append(adamw(rest, lr=rate, betas=(0.9, 0.99), weight_decay=decay))

    @property
    def param_groups(self):
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none=True):
        for part in self.parts:
            part.zero_grad(set_to_none=set_to_none)

    def step(self):
        for part in self.parts:
            part.step()

    def state_dict(self):
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states):
        for part, state in zip(self.parts, states):
            part.load_state_dict(state)
