# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion words`."""

import json
import os
import shutil

from program import BASE, DONE, FAILED, ProgramTest, main, run


class WordsTest(ProgramTest):
    def test_words(self):
        done = run("words", BASE)
        self.assertEqual(done.returncode, DONE)
        self.assertIn(b"no list of words", done.stdout)
        self.assertEqual(json.loads(run("words", BASE, "--json").stdout), {})
        self.assertEqual(run("words", "/nowhere").returncode, FAILED)
        taught = self.path("taught")
        shutil.copytree(self.model, taught)
        with open(os.path.join(taught, "words.json"), "w") as file:
            json.dump({"subjects": ["boat", "hot-air balloon"], "others": ["a"]}, file)
        self.assertIn(b"hot-air balloon", run("words", taught).stdout)
        done = run("generate", "a red boat", "--model", taught, "-o", self.path("boat.png"), "--json")
        self.assertEqual(done.returncode, DONE)
        self.assertEqual(json.loads(done.stdout)["unknown_words"], ["red"])
        self.assertIn(b"never taught: red", done.stderr)


if __name__ == "__main__":
    main()
