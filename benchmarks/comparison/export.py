"""Writes what every runtime is given: the networks as ONNX files, inputs, and PyTorch's float32 answers.

    python3 export.py MODEL OUT < ids.json        (ids: the tokens of one prompt, as `mobilediffusion tokenize` gives them)

OUT/manifest.json lists the stages (text, unet, decoder) with their files; inputs and answers are raw little-endian
arrays. OUT/expected.safetensors is the same for `mobilediffusion verify`.
"""

import json
import os
import sys

import recipe_networks
import torch
from recipe_networks import safetensors_io

OPSET = 17  # the first with LayerNormalization; the last that every PyTorch since 1.13 writes
TYPES = {torch.float32: "float32", torch.int64: "int64"}


def main(folder, out):
    os.makedirs(out, exist_ok=True)
    ids = torch.tensor([json.load(sys.stdin)])
    unet, vae = recipe_networks.config(folder, "unet"), recipe_networks.config(folder, "vae")
    generator = torch.Generator().manual_seed(0)

    def noise(channels):
        return torch.randn(1, channels, unet["sample_size"], unet["sample_size"], generator=generator)

    modules = recipe_networks.load(folder)
    with torch.no_grad():
        hidden = modules["text"](ids)
        inputs = {"text": {"input_ids": ids},
                  "unet": {"latents": noise(unet["in_channels"]), "timestep": torch.tensor([999.0]), "text_hidden": hidden},
                  "decoder": {"decoder_input": noise(vae["latent_channels"])}}
        manifest, tensors = {"model": os.path.abspath(folder), "opset": OPSET, "stages": []}, {}

        def written(name, tensor):
            file = name + ".bin"
            tensor.contiguous().numpy().tofile(os.path.join(out, file))
            return {"name": name, "file": file, "type": TYPES[tensor.dtype], "shape": list(tensor.shape)}

        for stage, answer_name in (("text", "text_hidden"), ("unet", "unet_output"), ("decoder", "decoder_output")):
            given = inputs[stage]
            torch.onnx.export(modules[stage], tuple(given.values()), os.path.join(out, stage + ".onnx"),
                              input_names=list(given), output_names=["answer"], opset_version=OPSET)
            answer = modules[stage](*given.values())
            manifest["stages"].append({"name": stage, "inputs": [written(*item) for item in given.items()],
                                       "answer": written(answer_name, answer)})
            tensors.update({name: value.int() if value.dtype == torch.int64 else value for name, value in given.items()})
            tensors[answer_name] = answer
        safetensors_io.save(os.path.join(out, "expected.safetensors"), tensors)
        with open(os.path.join(out, "manifest.json"), "w") as file:
            json.dump(manifest, file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
