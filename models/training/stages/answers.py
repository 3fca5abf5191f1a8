"""What a model folder must answer, for the engine's `verify`: of a folder that `quantize` made too, whose weights are rounded."""

from stages.export import write_expected


def run(path, **_):
    write_expected(path)
