"""Times a model in PyTorch, channels last, bfloat16 by autocast; see worker.py."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import recipe_networks  # noqa: E402
import torch  # noqa: E402
import worker  # noqa: E402


def load(folder, stages, precision, threads):
    torch.set_num_threads(threads)
    with open(os.path.join(folder, "manifest.json")) as file:
        modules = recipe_networks.load(json.load(file)["model"])

    def network(stage):
        module = modules[stage].to(memory_format=torch.channels_last)

        def infer(*inputs):
            tensors = [torch.from_numpy(each) for each in inputs]
            tensors = [each.contiguous(memory_format=torch.channels_last) if each.dim() == 4 else each for each in tensors]
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                return module(*tensors).float().numpy()

        return infer

    return torch.__version__.split("+")[0].split("a")[0], {stage: network(stage) for stage in stages}


worker.run(load)
