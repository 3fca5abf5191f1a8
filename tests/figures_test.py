# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The benchmarks' figure of networks is the program's of today: what is committed is counted again, and the page is what the
committed figures make.

Usage: figures_test.py PROGRAM SOURCE-FOLDER [unittest's arguments]
"""

import os
import sys
import unittest

PROGRAM, SOURCE = sys.argv[1], sys.argv[2]
sys.path.insert(0, os.path.join(SOURCE, "benchmarks/figures"))
sys.path.insert(0, os.path.join(SOURCE, "benchmarks"))
import instructions  # noqa: E402
import networks  # noqa: E402
import page  # noqa: E402
import tables  # noqa: E402


class FiguresTest(unittest.TestCase):
    def test_counts_are_the_programs(self):
        self.assertEqual(networks.load(os.path.join(page.RESULTS, "networks.json")), networks.counted(PROGRAM))

    def test_the_page_is_what_the_figures_make(self):
        text = page.read()
        for name, content in tables.sections().items():
            self.assertIn(f"<!-- {name} -->\n{content}<!-- end {name} -->", text, "benchmarks/figures/draw.py PROGRAM writes it anew")
        for name, content in instructions.sections(instructions.load()).items():
            self.assertIn(f"<!-- {name} -->\n{content}<!-- end {name} -->", text, "tests/instructions --write writes it anew")

    def test_every_published_figure_has_a_source(self):
        lists = networks.published()
        for entry in lists["unets"] + lists["decoders"]:
            self.assertTrue(entry["published"], entry["name"])
        for figure in [figure for kind in networks.KINDS for entry in lists[kind] for figure in entry["published"]] + lists["latencies"]:
            self.assertIn(figure["source"], lists["sources"])
            self.assertIn(figure["seen"], tables.SEEN)

    def test_counts_are_near_what_is_published(self):
        lists, counted = networks.published(), networks.load(os.path.join(page.RESULTS, "networks.json"))
        for kind in networks.KINDS:
            counts = tables.by_name(counted[kind])
            for entry in lists[kind]:
                for key, unit in (("parameters", 1e6), ("macs", 1e9)):
                    published = tables.figure_of(entry, key)[0]
                    if published and entry["name"] in counts:
                        self.assertLess(abs(counts[entry["name"]][key] / unit / published - 1), 0.05, (entry["name"], key))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
