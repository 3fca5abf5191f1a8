"""The engine's own program, which MOBILEDIFFUSION_CLI names: its pictures, its speed, its smaller folders."""

import json
import math
import os
import subprocess
import tempfile

import torch
from PIL import Image


def answers(*arguments, prompts=""):
    """Its lines of JSON."""
    done = subprocess.run([os.environ["MOBILEDIFFUSION_CLI"], *map(str, arguments), "--json"],
                          input=prompts, text=True, check=True, stdout=subprocess.PIPE)
    return [json.loads(line) for line in done.stdout.splitlines()]


def pixels_of(path):
    with Image.open(path) as picture:
        return torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(picture.height, picture.width, 3)


def drawn(model, captions, precision):
    """Bytes (n, height, width, 3), one step each, every one from the first seed."""
    with tempfile.TemporaryDirectory() as folder:
        lines = answers("generate", "-", "--model", model, "--precision", precision, "-o", os.path.join(folder, "p.png"),
                        prompts="\n".join(captions))
        return torch.stack([pixels_of(line["file"]) for line in lines])


def psnr(pictures, reference):
    """Of each picture, in dB."""
    squares = (pictures.float() - reference.float()).square().mean((1, 2, 3)).clamp(min=1e-9)
    return 20 * math.log10(255) - 10 * squares.log10()


def seconds(model, precision, size, runs=20, threads=2):
    """The median of a whole picture."""
    line, = answers("bench", model, "--precision", precision, "--size", f"{size}x{size}", "--runs", runs, "--threads", threads)
    return line["seconds"]["picture"]["median"]


def quantize(model, path):
    answers("quantize", model, path)
