"""What the model must reach, and whether it does."""

ONE_STEP = ("{size}", "like the training", "one step")

# What, where accuracy.json has it, and the least or the most that it may be.
BOUNDS = (
    ("classifier: subjects of true renders, %", ("{size}", "like the training", "true renders", "subject"), "least", 98),
    ("subjects, %", (*ONE_STEP, "subject"), "least", 92),
    ("colour of the right subject, %", (*ONE_STEP, "colour of the right subject"), "least", 90),
    ("count, %", (*ONE_STEP, "count"), "least", 85),
    ("relation, %", (*ONE_STEP, "relation"), "least", 80),
    ("time, %", (*ONE_STEP, "time"), "least", 95),
    ("ground, %", (*ONE_STEP, "ground"), "least", 95),
    ("kept-back pairs, %", ("{size}", "kept-back pairs", "one step", "pairs"), "least", 80),
    ("LPIPS to the nearest render, over a render's own", ("{size}", "LPIPS to the nearest of 16 true renders", "over"), "most", 1.15),
    ("sharpness, % of true renders", ("{size}", "sharpness, % of true renders", "one step"), "least", 85),
    ("Frechet distance, over 25 steps'", ("{size}", "Frechet distance", "one step over many"), "most", 1.5),
    ("diversity, % of true renders", ("{size}", "diversity of 16 seeds", "% of true renders"), "least", 75),
    ("diversity of one word, of the grey scale", ("{size}", "diversity of 16 seeds of one word", "one step"), "least", 0.08),
    ("autoencoder, PSNR, dB", ("autoencoder", "psnr"), "least", 32),
    ("autoencoder, LPIPS", ("autoencoder", "lpips"), "most", 0.05),
    ("lite decoder's PSNR less the larger one's, dB", ("decoders", "lead", "psnr"), "least", 0),
    ("larger decoder's LPIPS less the lite one's", ("decoders", "lead", "lpips"), "least", 0),
    ("a picture, int8, s", ("precisions", "int8", "seconds"), "most", 0.08),
    ("a picture, float32, s", ("precisions", "float32", "seconds"), "most", 0.25),
    ("shipped folder, MB", ("precisions", "int8", "megabytes"), "most", 32),
    ("int8's pictures to float16's, dB", ("precisions", "int8", "psnr"), "least", 38))


def found(figures, path, size):
    for name in path:
        figures = figures.get(name.format(size=size)) if isinstance(figures, dict) else None
    return figures


def verdict(figures, size):
    """Of every bound: the figure, None where it was not measured, and whether it is reached."""
    rows = []
    for what, path, kind, bound in BOUNDS:
        value = found(figures, path, size)
        reached = value is not None and (value >= bound if kind == "least" else value <= bound)
        rows.append({"what": what, "figure": value, f"at {kind}": bound, "reached": reached})
    return rows
