# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion synthesize`."""

import json
import os
import shutil
import signal
import subprocess
import time

from program import BASE, DONE, FAILED, INTERRUPTED, PROGRAM, SLOWDOWN, SOURCE, USAGE, ProgramTest, content, main, run


class SynthesizeTest(ProgramTest):
    def test_synthesize(self):
        same, other = self.path("same"), self.path("other")
        self.assertEqual(run("synthesize", BASE, same, "--seed", "5").returncode, DONE)
        self.assertEqual(run("synthesize", BASE, other, "--seed", "6", "--dtype", "F32").returncode, DONE)
        weights = "unet/diffusion_pytorch_model.safetensors"
        read = [content(os.path.join(folder, weights)) for folder in (self.model, same, other)]
        self.assertEqual(read[0], read[1])
        self.assertNotEqual(read[0], read[2])
        done = run("synthesize", BASE, same)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b"no empty folder", done.stderr)
        done = run("synthesize", "/nowhere", self.path("third"))
        self.assertEqual(done.returncode, FAILED)
        done = run("synthesize", BASE, self.path("no/such/folder/.."), "--tokenizer", "/nowhere")
        self.assertNotEqual(done.returncode, DONE)
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if "part" in name or "third" in name), [])

    def test_synthesize_where_it_cannot(self):
        with open(self.path("file"), "w") as file:
            file.write("old")
        for target, code in ((self.path("file"), USAGE), (self.path("file/below"), FAILED), ("/dev/null", USAGE),
                             (BASE, USAGE)):
            done = run("synthesize", BASE, target)
            self.assertEqual(done.returncode, code, (target, done.stderr))
            self.assertIn(target, done.stderr.decode())
            self.assertEqual(done.stdout, b"")
        self.assertEqual(os.listdir(self.folder), ["file"])
        self.assertEqual(content(self.path("file")), b"old")
        for arguments in (("--dtype", "F8"), ("--seed", "-1"), ("--seed", "x")):
            self.assertEqual(run("synthesize", BASE, self.path("made"), *arguments).returncode, USAGE, arguments)
        self.assertEqual(os.listdir(self.folder), ["file"])
        os.mkdir(self.path("empty"))
        self.assertEqual(run("synthesize", BASE, self.path("empty") + "/").returncode, DONE)
        self.assertEqual(run("tokenize", self.path("empty"), text="a\n").returncode, DONE)

    def test_interrupted_it_leaves_nothing(self):
        process = subprocess.Popen([PROGRAM, "synthesize", os.path.join(SOURCE, "models/mobilediffusion"), self.path("new/full")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        began = time.monotonic()
        while not os.path.exists(self.path("new")) and time.monotonic() - began < 30 * SLOWDOWN:
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=60 * SLOWDOWN)[0], b"")
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertEqual(os.listdir(self.folder), [])

    def test_synthesize_with_a_tokenizer(self):
        """All its files are taken along; one that is none, or has more tokens than the text encoder, is refused."""
        tokenizer = self.path("tokenizer")
        shutil.copytree(os.path.join(self.model, "tokenizer"), tokenizer)
        for name, value in (("special_tokens_map.json", {"pad_token": "a"}), ("added_tokens.json", {"<cat>": 5}),
                            ("tokenizer.json", {"added_tokens": [{"id": 6, "content": "<dog>"}]})):
            with open(os.path.join(tokenizer, name), "w") as file:
                json.dump(value, file)
        made = self.path("made")
        self.assertEqual(run("synthesize", BASE, made, "--tokenizer", tokenizer).returncode, DONE)
        self.assertEqual(sorted(os.listdir(os.path.join(made, "tokenizer"))), sorted(os.listdir(tokenizer)))
        ids = json.loads(run("tokenize", made, text="x<cat> <dog>a\n").stdout)
        self.assertEqual(ids[:7], [598, 0x78 + 256, 5, 6, 0x61, 599, 0x61])
        self.assertEqual(json.loads(run("tokenize", tokenizer, text="x<cat> <dog>a\n").stdout), ids)
        with open(os.path.join(tokenizer, "added_tokens.json"), "w") as file:
            json.dump({"<cat>": 600}, file)
        for folder, saying in ((tokenizer, "added_tokens.json gives the token"), (self.folder, "has no tokenizer")):
            done = run("synthesize", BASE, self.path("other"), "--tokenizer", folder)
            self.assertEqual(done.returncode, FAILED)
            self.assertIn(saying, done.stderr.decode())
        self.assertFalse(os.path.exists(self.path("other")))


if __name__ == "__main__":
    main()
