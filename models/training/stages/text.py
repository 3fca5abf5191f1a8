"""The text encoder learns what captions mean before it meets the UNet: see `meanings.py`. Text alone, so it is soon done."""

import itertools
import os
import random

import numpy as np
import torch

from captured import Captured
from judging.told_looks import ToldLooks
from networks.muon import MuonAndAdamW
from networks.text_encoder import TextEncoder, text_config
from networks.warm_start import same_words, warm_start
from teaching.meanings import PortraitRows, Reader, portraits
from training import Average, Training, autocast, descend, set_rate, share_processor
from world.attributes import TOLD, labels
from world.captions import caption
from world.rendering import Crew
from world.scene_cache import load_world, own_colours
from world.subjects import NAMED
from world.tokenizer import Tokenizer, train_words

RATE = 2e-3
FIRST = 6 * 10 ** 8         # the number of the first lesson, apart from scenes'


class Lessons:
    """Captions' ids (n, length), what they tell (parts, n), and the rows of their subjects' portraits (n, 2), by a number."""

    def __init__(self, settings, folder):
        self.world, self.colours, self.count = load_world(folder, NAMED)[0], own_colours(folder), settings.text_batch
        self.tokenizer, self.rows = Tokenizer(folder, settings.text_length), PortraitRows(self.world)

    def __call__(self, number):
        rng = random.Random(FIRST + number)
        scenes = [self.world.sample(rng) for _ in range(self.count)]
        ids = self.tokenizer([caption(scene, rng, own_colours=self.colours) for scene in scenes])
        told = torch.stack(list(labels(scenes, TOLD).values()))
        return ids.numpy().astype(np.int16), told.numpy().astype(np.int16), np.int16([self.rows.of(scene) for scene in scenes])


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
    average.steps, threads = training.step, torch.get_num_threads()
    told = ToldLooks(world, rows, table, tokenizer)

    def learn(ids, truth, shown):
        with autocast(device):
            named, looked, addressed, right = reader.loss(network(ids.long()), dict(zip(TOLD, truth.long())), table[shown.long()])
        descend(named + settings.look_weight * (looked + addressed), both, optimiser)
        return {"named": named.detach(), "looked": looked.detach(), "addressed": addressed.detach(), "subject": right}

    learn, lessons = Captured(learn, device, settings.recorded), Crew(Lessons, settings, folder)
    for step, lesson in zip(training, lessons((number,) for number in itertools.count(training.step))):
        if step % 20 == 0:
            share_processor(threads)
        set_rate(optimiser, training.rate(RATE))
        training.log(25, **learn(*(torch.from_numpy(part).to(device) for part in lesson)))
        average.update(network)
        if training.is_due(settings.check_minutes):
            training.note(**told(average.network, reader))
    training.note(**told(average.network, reader))
