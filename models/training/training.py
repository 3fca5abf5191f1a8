"""What every stage's loop shares: a clock, a learning rate, averaged weights, a log and checkpoints to resume from."""

import copy
import functools
import json
import math
import os
import time

import torch

PAUSE = 10      # a step that takes so many times the usual one was a pause


class Average:
    """An exponential moving average of a network's weights, warming up so that early steps count for little."""

    def __init__(self, network, decay):
        self.network, self.decay, self.steps = copy.deepcopy(network).eval().requires_grad_(False), decay, 0

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        decay = min(self.decay, self.steps / (10 + self.steps))
        means, values = list(self.network.state_dict().values()), list(network.state_dict().values())
        for mean, value in zip(means, values):
            if not mean.is_floating_point():
                mean.copy_(value)
        means, values = ([tensor for tensor in some if tensor.is_floating_point()] for some in (means, values))
        torch._foreach_mul_(means, decay)
        torch._foreach_add_(means, values, alpha=1 - decay)


class Training:
    """Counts steps and seconds until a budget of either is spent; `progress` is the larger share spent, 0..1.

    `by_processor`, a second is one of the processor's on every thread, so that a busy machine leaves the schedule as it is.
    `parts` are whatever has a state_dict: networks, averages' networks, optimisers. All of them go into the checkpoint.
    """

    def __init__(self, folder, stage, parts, minutes=None, steps=None, save_minutes=3.0, by_processor=False):
        self.path, self.log_path = os.path.join(folder, stage + ".pt"), os.path.join(folder, stage + ".log")
        self.stage, self.parts, self.budget, self.max_steps = stage, parts, minutes and minutes * 60, steps
        self.step, self.seconds, self.save_seconds = 0, 0.0, save_minutes * 60
        self.sums, self.count, self.by_processor = {}, 0, by_processor
        if os.path.exists(self.path):
            state = torch.load(self.path, map_location="cpu")
            if "step" not in state:
                raise SystemExit(f"{self.path} was adopted from a model folder: its training cannot go on")
            self.step, self.seconds = state["step"], state["seconds"]
            for name, part in parts.items():
                part.load_state_dict(state[name])
            print(f"{stage}: resumed at step {self.step}, {self.seconds:.0f} s")
        self.checked = self.seconds

    @property
    def progress(self):
        shares = [self.seconds / self.budget] if self.budget else []
        return min(1.0, max(shares + ([self.step / self.max_steps] if self.max_steps else [])))

    def rate(self, peak, warmup=100, floor=0.02):
        """Linear warm-up, then a cosine down to `floor` of the peak."""
        return peak * min(1.0, (self.step + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * self.progress)))

    def __iter__(self):
        saved = last = time.time()
        worked = time.process_time()
        usual = None        # the typical step, so that a process that was stopped for a while is not charged for it
        while self.progress < 1:
            yield self.step
            self.step += 1
            now = time.time()
            took = now - last if usual is None else min(now - last, PAUSE * usual)
            usual = took if usual is None else usual + 0.1 * (min(took, 2 * usual) - usual)
            if self.by_processor:
                took, worked = min(took, (time.process_time() - worked) / torch.get_num_threads()), time.process_time()
            self.seconds, last = self.seconds + took, now
            if now - saved > self.save_seconds:
                self.save()
                saved = now
        self.save()

    def is_due(self, minutes):
        """Whether so long has passed since this was last so, or since the training was begun or resumed."""
        due = self.seconds - self.checked > 60 * minutes
        if due:
            self.checked = self.seconds
        return due

    def log(self, every, **values):
        """Sums values up and writes their means every few steps, one JSON object a line. A GPU is not waited for between."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.count += 1
        if self.count >= every:
            self.note(**{name: total / self.count for name, total in self.sums.items()})
            self.sums, self.count = {}, 0

    def note(self, **values):
        """Writes values as they are, now."""
        line = json.dumps({"step": self.step, "seconds": round(self.seconds, 1),
                           **{name: round(float(value), 5) for name, value in values.items()}})
        print(self.stage, line, flush=True)
        with open(self.log_path, "a") as file:
            file.write(line + "\n")

    def save(self):
        state = {name: part.state_dict() for name, part in self.parts.items()}
        torch.save({"step": self.step, "seconds": self.seconds, **state}, self.path + ".new")
        os.replace(self.path + ".new", self.path)


def write_figures(path, figures):
    """Into a JSON file, and on the screen."""
    text = json.dumps(figures, indent=1)
    with open(path, "w") as file:
        file.write(text + "\n")
    print(text)


def share_processor(most):
    """One thread where others keep the processor busy: threads that wait for each other's turn were five times slower than one."""
    busy = os.getloadavg()[0] > most + 1.5
    if torch.get_num_threads() != (1 if busy else most):
        torch.set_num_threads(1 if busy else most)


def adamw(parameters, **numbers):
    """PyTorch's, all tensors in one pass where its version can: a third of the time where there are many small ones."""
    parameters = list(parameters)
    can_fuse = tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 4)
    optimiser = torch.optim.AdamW(parameters, **numbers, **({"fused": True} if can_fuse else {}), capturable=parameters[0].is_cuda)
    return rate_in_memory(optimiser)


def rate_in_memory(optimiser):
    """A recorded step (`captured.py`) reads the learning rate from the GPU's memory. Also one that was loaded."""
    def move(optimiser):
        for group in optimiser.param_groups:
            if group["params"][0].is_cuda:
                group["lr"] = torch.tensor(float(group["lr"]), device=group["params"][0].device)

    move(optimiser)
    if hasattr(optimiser, "register_load_state_dict_post_hook"):
        optimiser.register_load_state_dict_post_hook(move)
    return optimiser


def descend(loss, network, optimiser, slope=None):
    """One step down a loss, or, of an answer of many numbers, down a slope; by gradients of a norm of 1 at most."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward(slope)
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


def set_rate(optimiser, rate):
    for group in optimiser.param_groups:
        if torch.is_tensor(group["lr"]):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


@functools.lru_cache()
def has_fast_bfloat16(kind):
    """A GPU's tensor cores, or a processor with AMX or AVX-512's bfloat16. On others it is slower than float32.

    PyTorch 1's autocast for processors gives group norms bfloat16 with float32 weights, which they refuse.
    """
    if kind == "cuda":
        return torch.cuda.is_bf16_supported()
    if int(torch.__version__.split(".")[0]) < 2:
        return False
    try:
        with open("/proc/cpuinfo") as file:
            return not {"amx_bf16", "avx512_bf16"}.isdisjoint(file.read().split())
    except OSError:
        return False


def autocast(device):
    kind = torch.device(device).type
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=has_fast_bfloat16(kind))
