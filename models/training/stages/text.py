"""The text encoder learns what captions mean before it meets the UNet: see `meanings.py`. Text alone, so it is soon done."""

import os
import random

import torch

from judging.told_looks import ToldLooks
from networks.muon import MuonAndAdamW
from networks.text_encoder import TextEncoder, text_config
from networks.warm_start import same_words, warm_start
from teaching.meanings import PortraitRows, Reader, portraits
from training import Average, Training, autocast, descend, set_rate, share_processor
from world.attributes import TOLD, labels
from world.captions import caption
from world.scene_cache import load_world, own_colours
from world.subjects import NAMED
from world.tokenizer import Tokenizer, train_words

RATE = 2e-3


def run(settings, folder, device, minutes, steps, warm=None, **_):
    world, colours = load_world(folder, NAMED)[0], own_colours(folder)
    tokenizer = train_words(settings, folder, world, colours)
    table, rows = portraits(settings, folder, device).to(device), PortraitRows(world)
    network = TextEncoder(text_config(settings, tokenizer))
    if warm:
        warm_start(network, os.path.join(warm, "text_encoder", "model.safetensors"),
                   lambda tensors: same_words(tensors, Tokenizer(os.path.join(warm, "tokenizer"), 0), network, tokenizer))
    network = network.to(device)
    reader = Reader(settings.text_width, settings.text_heads).to(device)
    both, average = torch.nn.ModuleList([network, reader]), Average(network, 0.99)
    optimiser = MuonAndAdamW([both], RATE)
    training = Training(folder, "text", {"network": network, "reader": reader, "average": average.network, "optimiser": optimiser},
                        minutes, steps, by_processor=device == "cpu")
    average.steps, rng, threads = training.step, random.Random(6 + training.step), torch.get_num_threads()
    told = ToldLooks(world, rows, table, tokenizer)
    for step in training:
        if step % 20 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(RATE))
        scenes = [world.sample(rng) for _ in range(settings.text_batch)]
        ids = tokenizer([caption(scene, rng, own_colours=colours) for scene in scenes]).to(device)
        truth = {part: values.to(device) for part, values in labels(scenes, TOLD).items()}
        with autocast(device):
            named, looked, addressed, right = reader.loss(network(ids), truth, table[torch.tensor([rows.of(scene) for scene in scenes])])
        descend(named + settings.look_weight * (looked + addressed), both, optimiser)
        average.update(network)
        training.log(25, named=named.detach(), looked=looked.detach(), addressed=addressed.detach(), subject=right)
        if training.is_due(settings.check_minutes):
            training.note(**told(average.network, reader))
    training.note(**told(average.network, reader))
