# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Prompts of `mobilediffusion generate`: from the command line and from stdin."""

import json
import os

from program import DONE, USAGE, ProgramTest, main


class PromptsTest(ProgramTest):
    def test_any_prompt(self):
        for prompt in ("", "日本の船 🚤", "-" * 3, "boat " * 10000):
            done = self.generate("--", prompt) if prompt.startswith("-") else self.generate(prompt, "-o", "p.png")
            if prompt.startswith("-"):
                continue
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assertEqual(b"the first 75 are read" in done.stderr, len(prompt) > 1000)

    def test_wrong_prompts(self):
        self.refused(self.generate(b"a boat\xff", "-o", "p.png"), USAGE, "UTF-8", "byte 6")
        self.refused(self.generate("-", "-o", "p.png", text=""), USAGE, "stdin held no prompt")

    def test_reads_prompts_from_stdin(self):
        done = self.generate("-", "-o", "p.png", "--json", text="a boat\r\n\nein Schiff, ünïcode\n")
        self.assertEqual(done.returncode, DONE, done.stderr)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([t["prompt"] for t in told], ["a boat", "", "ein Schiff, ünïcode"])
        self.assertEqual(sorted(os.path.basename(t["file"]) for t in told), sorted(os.listdir(self.folder)))
        self.assertEqual(len(os.listdir(self.folder)), 3)

    def test_stdin_names_the_line_that_is_wrong(self):
        done = self.generate("-", "-o", "p.png", "--size", "32x32", text=b"a boat\nb\xff\na house\n")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("line 2 of stdin: the prompt is not valid UTF-8: see byte 1", done.stderr.decode())
        self.assertEqual(os.listdir(self.folder), ["p-1.png"])      # what was right is kept


if __name__ == "__main__":
    main()
