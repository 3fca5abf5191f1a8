"""Every figure that the model must reach, on held-out prompts as people type them, into accuracy.json, and its plots.

One step, and 25 guided steps of the same weights; a classifier that the generator never met reads the pictures back. Where
DiffusionGAN was run, the same figures of the weights that it began with. What the stages vae, decoders and precisions
found is told as well.
"""

import glob
import hashlib
import json
import os

import torch

from judging.bounds import verdict
from judging.classifier import accuracy, load_classifier
from judging.figures import fine_energy, frechet, light, main_directions, mirrored, nearest, spread, things
from judging.judge import MANY_STEPS, Judge
from judging.model_folder import before_gan
from networks.coupling import directions, numbers
from networks.lpips import load_lpips
from stages import plot
from training import write_figures
from world import composer
from world.scenes import Scene, usual_ground

SEEDS, RENDERS, NEAR = 16, 16, 48
SLOW = f"{MANY_STEPS} steps"


def told(judge):
    """What is read back, and how sharp and how far from true renders the pictures are."""
    few, figures = judge.settings.judged_slowly, {}
    for name, kept_back in (("like the training", False), ("kept-back pairs", True)):
        scenes, captions = judge.scenes(12 + kept_back, judge.settings.judged, kept_back)
        noise, true = judge.model.noise(len(captions), 14), judge.renders(scenes, 15)
        pictures = {"true renders": true, "one step": judge.one_step(captions, noise)}
        if kept_back:
            figures[name] = {what: {**accuracy(judge.classifier, some, scenes), "pairs": judge.kept_pairs_right(some, scenes)}
                             for what, some in pictures.items()}
            continue
        pictures[SLOW] = judge.many_steps(captions[:few], noise[:few])
        figures[name] = {what: accuracy(judge.classifier, some, scenes[:len(some)]) for what, some in pictures.items()}
        figures["sharpness, % of true renders"] = {
            what: round(100 * fine_energy(some) / fine_energy(true[:len(some)]), 1) for what, some in pictures.items()}
        known = judge.features(judge.renders(scenes, 16))
        along = main_directions(known)
        distances = {what: frechet(judge.features(some[:few]), known[:few], along) for what, some in pictures.items()}
        figures["Frechet distance"] = {**{what: round(value, 3) for what, value in distances.items()},
                                       "one step over many": round(distances["one step"] / distances[SLOW], 2)}
    return figures


def near(judge):
    """LPIPS to the nearest of some true renders of the same scene, and a true render's own."""
    if judge.lpips is None:
        return {}
    scenes, captions = judge.scenes(21, min(NEAR, judge.settings.judged))
    pictures, true = judge.one_step(captions, judge.model.noise(len(captions), 22)), judge.renders(scenes, 23)
    ours = theirs = 0.0
    for i, scene in enumerate(scenes):
        renders = judge.renders([scene] * RENDERS, 100 + i)
        with torch.no_grad():
            ours += nearest(judge.lpips, pictures[i], renders) / len(scenes)
            theirs += nearest(judge.lpips, true[i], renders) / len(scenes)
    return {"LPIPS to the nearest of 16 true renders": {
        "one step": round(ours, 4), "another true render": round(theirs, 4), "over": round(ours / theirs, 3)}}


def silent(noise):
    """The noise of some seeds with what the first of them says along the directions that chance is told in."""
    along = directions(composer.CHANCES, *noise.shape[1:3])
    said = numbers(noise, composer.CHANCES)
    return noise + torch.einsum("nk,kchw->nchw", said[:1] - said, along)


def diversity(judge):
    """How far apart one caption's pictures are from 16 seeds, with and without the directions that chance is told in."""
    scenes, captions = judge.scenes(31, judge.settings.judged_twice)
    sums = {"one step": [], "without the directions": [], "true renders": []}
    for i, (scene, text) in enumerate(zip(scenes, captions)):
        noise = judge.model.noise(SEEDS, 32 + i)
        sums["one step"].append(spread(judge.one_step([text] * SEEDS, noise)))
        sums["without the directions"].append(spread(judge.one_step([text] * SEEDS, silent(noise))))
        sums["true renders"].append(spread(judge.renders([scene] * SEEDS, 300 + i)))
    means = {name: sum(values) / len(values) for name, values in sums.items()}
    return {"diversity of 16 seeds": {
        **{name: round(value, 4) for name, value in means.items()},
        "% of true renders": round(100 * means["one step"] / means["true renders"], 1),
        "% without the directions": round(100 * means["without the directions"] / means["true renders"], 1)}}


def aspects(judge):
    """What differs between 16 seeds, as percentages of true renders: of a thing on white its place, size and mirror image; of
    captions of one word, which leave most open, the light, and the pictures as a whole."""
    nouns, count = judge.model.subjects, judge.settings.judged_twice
    nouns = nouns[::max(1, len(nouns) // count)][:count]
    names = ("place", "size", "mirror image", "light", "whole")
    means = {"one step": torch.zeros(len(names)), "true renders": torch.zeros(len(names))}
    for i, noun in enumerate(nouns):
        sticker, scene, noise = Scene(noun, ground="white"), Scene(noun, ground=usual_ground(noun)), judge.model.noise(SEEDS, 400 + i)
        for name, on_white, at_home in (
                ("one step", judge.one_step([f"{noun} on white"] * SEEDS, noise), judge.one_step([noun] * SEEDS, noise)),
                ("true renders", judge.renders([sticker] * SEEDS, 500 + i), judge.renders([scene] * SEEDS, 600 + i))):
            places, cut = things(on_white)
            x, y, size = places.std(0).tolist()
            means[name] += torch.tensor([(x + y) / 2, size, mirrored(cut), light(at_home), spread(at_home)]) / len(nouns)
    shares = (100 * means["one step"] / means["true renders"]).tolist()
    return {"differences, % of true renders": {name: round(share, 1) for name, share in zip(names, shares)},
            "diversity of 16 seeds of one word": {name: round(values[-1].item(), 4) for name, values in means.items()}}


def identity(settings, folder, path, judges):
    """Of what is judged, of what judges it, and of how much."""
    content, classifier = hashlib.sha256(), load_classifier(settings, folder)
    counts = settings.judged, settings.judged_slowly, settings.judged_twice, settings.guidance
    content.update(repr((counts, load_lpips(judges) is not None)).encode())
    for tensor in classifier.state_dict().values() if classifier else ():
        content.update(tensor.numpy().tobytes())
    for file in [os.path.join(path, "world.json")] + sorted(glob.glob(os.path.join(path, "*", "*.safetensors"))):
        with open(file, "rb") as bytes_of_it:
            content.update(bytes_of_it.read())
    return content.hexdigest()[:16]


def all_of(settings, folder, path, judges, size, device):
    """Takes a while, so it is kept in the run folder, for the same weights to be judged once."""
    kept = os.path.join(folder, f"judged-{identity(settings, folder, path, judges)}-{size}.json")
    if not os.path.exists(kept):
        judge = Judge(settings, folder, path, judges, size, device)
        write_figures(kept, {**told(judge), **near(judge), **diversity(judge), **aspects(judge)})
    with open(kept) as file:
        return json.load(file)


def run(settings, folder, path, device, judges=None, **_):
    figures = {"prompts": settings.judged, f"prompts of {SLOW}": settings.judged_slowly}
    if os.path.exists(before_gan(folder)):
        figures["before DiffusionGAN"] = all_of(settings, folder, before_gan(folder), judges, settings.size, device)
    for size in (settings.size, settings.size // 2):
        figures[f"{size}x{size}"] = all_of(settings, folder, path, judges, size, device)
    for name, made in (("autoencoder", os.path.join(folder, "vae.json")), ("decoders", os.path.join(path, "decoders.json")),
                       ("precisions", os.path.join(path, "precisions.json"))):
        if os.path.exists(made):
            with open(made) as file:
                figures[name] = json.load(file)
    figures["must reach"] = verdict(figures, f"{settings.size}x{settings.size}")
    write_figures(os.path.join(path, "accuracy.json"), figures)
    plot.run(folder=folder, path=path)
