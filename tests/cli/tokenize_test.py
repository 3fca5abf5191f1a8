# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion tokenize`."""

import json

from program import DONE, FAILED, USAGE, ProgramTest, main, run


class TokenizeTest(ProgramTest):
    def test_tokenize(self):
        done = run("tokenize", self.model, text="a boat\n\n")
        self.assertEqual(done.returncode, DONE)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([len(row) for row in rows], [77, 77])
        self.assertEqual(rows[1], [598] + [599] * 76)
        as_json = run("tokenize", self.model, "--jsonl", text='"a boat"\n"two\\nlines"\n')
        self.assertEqual(json.loads(as_json.stdout.splitlines()[0]), rows[0])
        self.assertEqual(len(as_json.stdout.splitlines()), 2)
        for arguments, text, saying in (((), b"fine\n\xff\n", "line 2"), (("--jsonl",), b"[1]\n", "line 1"), (("--jsonl",), b"\"\xff\"\n", "line 1")):
            done = run("tokenize", self.model, *arguments, text=text)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(saying, done.stderr.decode())
        self.refused(run("tokenize", "/nowhere", text=""), FAILED, "/nowhere")
        with open("/dev/full", "wb") as full:
            self.assertEqual(run("tokenize", self.model, text="a\n" * 5000, stdout=full).returncode, FAILED)

    def test_a_byte_order_mark_is_no_word(self):
        plain = run("tokenize", self.model, text=b"a boat\n").stdout
        self.assertEqual(run("tokenize", self.model, text=b"\xef\xbb\xbfa boat\r\n").stdout, plain)
        done = run("tokenize", self.model, text="a boat\n".encode("utf-16"))
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b"UTF-16", done.stderr)



if __name__ == "__main__":
    main()
