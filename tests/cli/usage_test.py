# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Help, version and wrong command lines."""

from program import BASE, DONE, USAGE, ProgramTest, main, run


class UsageTest(ProgramTest):
    def test_help_and_version(self):
        for command in ((), ("generate",), ("info",), ("bench",), ("synthesize",), ("verify",), ("tokenize",), ("words",), ("serve",), ("page",)):
            done = run(*command, "--help")
            self.assertEqual((done.returncode, done.stderr), (DONE, b""))
            self.assertIn(b"Example", done.stdout)
        self.assertRegex(run("--version").stdout.decode(), r"^\d+\.\d+\.\d+ \(XNNPACK .+\)\n$")

    def test_usage(self):
        for arguments in ((), ("paint",), ("generate",), ("generate", "a", "b"), ("verify",), ("synthesize", BASE), ("page",)):
            done = run(*arguments)
            self.assertEqual(done.returncode, USAGE, arguments)
            self.assertEqual(done.stdout, b"")
            self.assertNotEqual(done.stderr, b"")


if __name__ == "__main__":
    main()
