# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Prompts of `mobilediffusion generate`: from the command line and from stdin."""

import json
import os

from program import DONE, USAGE, ProgramTest, main, run


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
        self.assertEqual([t["prompt"] for t in told], ["a boat", "ein Schiff, ünïcode"])
        self.assertEqual(sorted(os.path.basename(t["file"]) for t in told), sorted(os.listdir(self.folder)))
        self.assertEqual(sorted(os.listdir(self.folder)), ["p-1.png", "p-2.png"])

    def test_stdin_names_the_line_that_is_wrong(self):
        done = self.generate("-", "-o", "p.png", "--size", "32x32", text=b"a boat\nb\xff\na house\n")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("line 2 of stdin: the prompt is not valid UTF-8: see byte 1", done.stderr.decode())
        self.assertEqual(os.listdir(self.folder), ["p-1.png"])      # what was right is kept

    def test_marks_and_blank_lines_are_no_prompts(self):
        for text, prompts in ((b"\xef\xbb\xbfa boat\r\n\r\n  \t\r\na house\r\n", ["a boat", "a house"]), (b"\n\n a boat", [" a boat"])):
            done = self.generate("-", "-o", "p.png", "--json", "--size", "32x32", text=text)
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assertEqual([json.loads(line)["prompt"] for line in done.stdout.splitlines()], prompts)
        done = self.generate("-", "-o", "p.png", "--size", "32x32", text=b"\xef\xbb\xbf\n\r\n \n\xff\n")
        self.assertIn(b"line 4 of stdin", done.stderr)      # as an editor counts them
        for name in os.listdir(self.folder):
            os.remove(self.path(name))
        for text, saying in ((b"\xef\xbb\xbf\r\n\n  \n", "stdin held no prompt"), ("a boat\n".encode("utf-16"), "UTF-16")):
            self.refused(self.generate("-", "-o", "p.png", text=text), USAGE, saying)

    def test_a_prompt_that_begins_with_a_dash(self):
        for prompt in ("-red car", "--red car", "-old car"):
            self.refused(run("generate", prompt, "--model", self.model, cwd=self.folder), USAGE, f'-- "{prompt}"')
            done = run("generate", "--model", self.model, "-o", "p.png", "--json", "--", prompt, cwd=self.folder)
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assertEqual(json.loads(done.stdout)["prompt"], prompt)
            os.remove(self.path("p.png"))
        done = self.generate("a boat", "-o", "p.png", "--guidance", "2", "--negative-prompt", "-red car")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertNotIn(b"begins with a dash", run("generate", "a boat", "--frobnicate").stderr)



if __name__ == "__main__":
    main()
