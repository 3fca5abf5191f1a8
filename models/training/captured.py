"""A step of a training as one graph of a GPU's kernels: a small network's thousands take longer to launch than to run."""

import collections

import torch

WARM = 3        # calls before the recording, in which libraries choose their kernels and optimisers make their state


class Captured:
    """Calls `step(*tensors, **variant)`, whose work must be the same for the same shapes and the same variant.

    On a GPU the kernels of each kind of call are recorded once and replayed from then on; what is answered is overwritten by the
    next call of the kind. Elsewhere the step is just called.
    """

    def __init__(self, step, device, recorded=True):
        self.step, self.recorded = step, recorded and torch.device(device).type == "cuda"
        self.calls, self.graphs = collections.Counter(), {}
        self.aside = torch.cuda.Stream() if self.recorded else None

    def __call__(self, *tensors, **variant):
        if not self.recorded:
            return self.step(*tensors, **variant)
        kind = tuple(tensor.shape for tensor in tensors), tuple(sorted(variant.items()))
        self.calls[kind] += 1
        if self.calls[kind] <= WARM:
            return self.warm(tensors, variant)
        if kind not in self.graphs:
            self.graphs[kind] = self.record(tensors, variant)
        graph, own, answers = self.graphs[kind]
        for mine, given in zip(own, tensors):
            mine.copy_(given)
        graph.replay()
        return answers

    def warm(self, tensors, variant):
        self.aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.aside):
            answers = self.step(*tensors, **variant)
        torch.cuda.current_stream().wait_stream(self.aside)
        return answers

    def record(self, tensors, variant):
        own = [tensor.clone() for tensor in tensors]
        torch.cuda.synchronize()
        torch.cuda.empty_cache()        # a recording keeps memory of its own
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            answers = self.step(*own, **variant)
        return graph, own, answers
