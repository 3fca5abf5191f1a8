# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""benchmarks/README.md, whose generated parts stand between <!-- NAME --> and <!-- end NAME -->."""

import os
import re

BENCHMARKS = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(BENCHMARKS, "results")
PAGE = os.path.join(BENCHMARKS, "README.md")


def read():
    with open(PAGE, encoding="utf-8") as file:
        return file.read()


def filled(text, contents):
    """The page with these contents by name. A part that it does not show is left out."""
    for name, content in contents.items():
        text = re.sub(f"(<!-- {name} -->\n).*?(<!-- end {name} -->)", lambda match: match[1] + content + match[2], text,
                      flags=re.DOTALL)
    return text


def fill(contents):
    text = filled(read(), contents)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)


def save(figure, name):
    figure.tight_layout()
    figure.savefig(os.path.join(RESULTS, name + ".png"), dpi=110)
