# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Networks by published.json: a configuration of this project, some of its keys changed, counted by `mobilediffusion info`."""

import json
import os
import shutil
import subprocess
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(FOLDER))
KINDS = {"unets": "unet", "decoders": "decoder"}      # by published.json's lists, info's names of what is counted


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def published():
    return load(os.path.join(FOLDER, "published.json"))


def info(program, model):
    done = subprocess.run([program, "info", model, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return json.loads(done.stdout)


def changed(configuration, changes, folder):
    shutil.copytree(configuration, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    for part, keys in changes.items():
        path = os.path.join(folder, part, "config.json")
        config = {**load(path), **keys}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)


def count(program, entry, part):
    """Parameters and multiply-accumulates of one network, at 512x512."""
    configuration = os.path.join(PROJECT, entry["configuration"])
    if "changes" not in entry:
        told = info(program, configuration)
    else:
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "model")
            changed(configuration, entry["changes"], model)
            told = info(program, model)
    if told["sizes"][0] != [512, 512]:
        raise RuntimeError(f"{entry['name']}: counted at {told['sizes'][0]}; the figure is at 512x512")
    return {"name": entry["name"], "parameters": told[part]["parameters"], "macs": told[part]["macs"]}


def counted(program):
    """Of every network whose configuration there is; by published.json's lists."""
    lists = published()
    return {kind: [count(program, entry, part) for entry in lists[kind] if "configuration" in entry]
            for kind, part in KINDS.items()}
