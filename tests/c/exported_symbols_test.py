#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""The list of exported symbols against header, tests and library: exported_symbols_test.py SOURCE_DIR CMAKE NM LIBRARY."""
import os
import re
import subprocess
import sys
import tempfile
import unittest


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def listed():
    return [line for line in read(LIST).splitlines() if line and not line.startswith("#")]


class ExportedSymbols(unittest.TestCase):
    def check(self, lines):
        """What the check of a build says of the library and a list of these lines."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            script = os.path.join(SOURCE, "src", "c", "check_exported_symbols.cmake")
            run = subprocess.run([CMAKE, "-D", f"NM={NM}", "-D", f"LIBRARY={LIBRARY}", "-D", f"LIST={file.name}", "-P", script],
                                 capture_output=True, text=True, check=False)
        return run.returncode, re.sub(r"\s+", " ", run.stderr)

    def test_the_library_shows_the_list(self):
        self.assertEqual((0, ""), self.check(listed()))

    def test_a_symbol_that_the_list_has_not_is_named(self):
        for symbol in "md_image_save", "mobilediffusion::Pipeline::model_name":
            code, message = self.check([line for line in listed() if line != symbol])
            self.assertEqual(1, code)
            self.assertIn(f"it shows, and the list has not: {symbol}", message)

    def test_a_symbol_that_the_library_has_not_is_named(self):
        for symbol in "md_image_paint", "xnn_initialize", "mobilediffusion::kernels::Arena::settle":
            code, message = self.check(listed() + [symbol])
            self.assertEqual(1, code)
            self.assertIn(f"the list has, and it does not show: {symbol}", message)

    def test_the_header_declares_the_list(self):
        header = read(os.path.join(SOURCE, "include", "mobilediffusion", "c.h"))
        declared = re.findall(r"^MOBILEDIFFUSION_C_EXPORT[^;]*?\b(md_\w+)\(", header, re.MULTILINE)
        self.assertGreater(len(declared), 40)
        self.assertEqual([line for line in listed() if line.startswith("md_")], sorted(declared))

    def test_the_list_is_sorted(self):
        self.assertEqual(sorted(listed()), listed())

    def test_a_test_in_c_calls_every_function(self):
        folder = os.path.join(SOURCE, "tests", "c")
        tests = "".join(read(os.path.join(folder, name)) for name in os.listdir(folder) if name.endswith("_test.c"))
        self.assertEqual([], [line for line in listed() if line.startswith("md_") and line + "(" not in tests])


if __name__ == "__main__":
    LIBRARY, NM, CMAKE, SOURCE = (sys.argv.pop() for _ in range(4))
    LIST = os.path.join(SOURCE, "src", "c", "exported_symbols.txt")
    unittest.main()
