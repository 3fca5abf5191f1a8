#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Whether the training recipe's cache of latents goes on with its own files and refuses others: training_latent_cache_test.py
SOURCE_DIR."""
import dataclasses
import glob
import os
import sys
import tempfile
import unittest


class LatentCacheTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def cache(self, **changed):
        return Latents(dataclasses.replace(SMOKE, **changed), self.folder, size=32, count=3)

    def test_goes_on_with_what_is_done(self):
        begun = self.cache()
        begun.latents[0] = 5
        begun.note_done(1)
        again = self.cache()
        self.assertEqual(again.done, 1)
        self.assertEqual(float(again.latents[0].min()), 5)

    def test_refuses_a_part_of_another_size(self):
        begun = self.cache()
        begun.ids[0] = 7
        begun.note_done(1)
        with self.assertRaisesRegex(SystemExit, r"latents-32\.ids: \d+ bytes, expected \d+.*1 of its scenes are done; remove"):
            self.cache(text_length=SMOKE.text_length + 1)
        self.assertEqual(int(self.cache().ids[0].min()), 7)     # as it was

    def test_refuses_what_lost_a_part(self):
        self.cache().note_done(1)
        os.remove(os.path.join(self.folder, "latents-32.masks"))
        with self.assertRaisesRegex(SystemExit, r"latents-32\.masks: 0 bytes, expected"):
            self.cache()

    def test_makes_anew_what_had_not_begun(self):
        before = self.cache()
        after = self.cache(text_length=SMOKE.text_length + 1)
        self.assertEqual(after.ids.shape[-1], before.ids.shape[-1] + 1)

    def test_begins_again_where_it_was_told_to(self):
        self.cache().note_done(1)
        for path in glob.glob(os.path.join(self.folder, "latents-32.*")):
            os.remove(path)
        self.assertEqual(self.cache(text_length=SMOKE.text_length + 1).done, 0)


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(sys.argv.pop(1), "models", "training"))
    from settings import SMOKE
    from teaching.latent_cache import Latents
    unittest.main(verbosity=2)
