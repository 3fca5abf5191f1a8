#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Whether every file includes only what its room may: rooms_test.py SOURCE_DIR.

A room's CMakeLists.txt names the rooms below it: room(TARGET MAY_INCLUDE src/files ...). See kernels/cmake/Room.cmake.
"""
import os
import re
import sys
import tempfile
import unittest

HALLS = "src", "kernels"

# Who alone may ask the operating system for what C++ has not, behind a name that every system can have.
ASK_THE_SYSTEM = "src/files", "src/net", "src/cli", "kernels/runtime"
HEADERS_OF_SYSTEMS = re.compile(r"unistd\.h|fcntl\.h|dlfcn\.h|dirent\.h|poll\.h|pthread\.h|sched\.h|signal\.h|termios\.h|io\.h|process\.h|"
                                r"psapi\.h|shellapi\.h|windows\.h|netdb\.h|winsock2\.h|ws2tcpip\.h|(sys|mach|netinet|arpa|pthread)/.*")

# Who alone may have trees that src/files/json_document.h does not take apart: the program, which keeps memory for them.
HAVE_TREES = "src/cli", "src/serve"
TREE = re.compile(r"json::parse\(|ordered_json")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def find_rooms(top):
    """The rooms below `top`, by name: {room: the rooms that its CMakeLists.txt names}."""
    rooms = {}
    for hall in HALLS:
        for folder, _, names in os.walk(os.path.join(top, hall)):
            if "CMakeLists.txt" not in names:
                continue
            lists = re.sub(r"#.*", "", read(os.path.join(folder, "CMakeLists.txt")))
            for call in re.findall(r"^room\(\s*\w+\s*([^)]*)\)", lists, re.MULTILINE):
                words = call.split()
                rooms[os.path.relpath(folder, top)] = set(words[1:]) if words[:1] == ["MAY_INCLUDE"] else set()
    return dict(sorted(rooms.items()))


def sources(top):
    """The halls' files: (file, text). Not of a Clang module, whose header lies as Swift asks."""
    for hall in HALLS:
        for folder, _, names in os.walk(os.path.join(top, hall)):
            if "module.modulemap" in names:
                continue
            for name in sorted(names):
                if name.endswith((".cc", ".c", ".h")):
                    path = os.path.join(folder, name)
                    yield os.path.relpath(path, top), read(path)


def includes(top):
    """Every include in the halls: (file, what it includes)."""
    for path, text in sources(top):
        for included in re.findall(r'^#include ["<]([^">]+)[">]', text, re.MULTILINE):
            yield path, included


def offences(top):
    rooms = find_rooms(top)
    used = {room: set() for room in rooms}
    for path, included in includes(top):
        room, other = os.path.dirname(path), os.path.dirname(included)
        if room not in rooms:
            yield f"{path} stands in no room: {room}/CMakeLists.txt has no room(...)"
        elif HEADERS_OF_SYSTEMS.fullmatch(included):
            if room not in ASK_THE_SYSTEM:
                yield f"{path} includes <{included}>, a system's own; what asks the system stands in {', '.join(ASK_THE_SYSTEM)}"
        elif other in rooms and other != room:
            used[room].add(other)
            if other not in rooms[room]:
                yield f"{path} includes {included}, but {room} may not include {other}"
        elif included.startswith(tuple(hall + "/" for hall in HALLS)) and other not in rooms:
            yield f"{path} includes {included}, which stands in no room"
    for room, named in rooms.items():
        for other in sorted(named - used[room]):
            yield f"{room}/CMakeLists.txt names {other}, which none of its files includes"
    yield from circles(rooms)
    for path, text in sources(top):
        if TREE.search(text) and os.path.dirname(path) not in HAVE_TREES:
            yield f"{path} has a tree of JSON by itself, which cannot be destroyed where memory is short: src/files/json_document.h"


def circles(rooms):
    """Rooms from which the arrows lead back to them."""
    for room in rooms:
        seen, ahead = set(), list(rooms[room])
        while ahead:
            other = ahead.pop()
            if other == room:
                yield f"the arrows from {room} lead back to it"
                break
            if other not in seen:
                seen.add(other)
                ahead += rooms.get(other, ())


class TheCheckItself(unittest.TestCase):
    def tree(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, text in files.items():
            path = os.path.join(folder.name, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return list(offences(folder.name))

    def test_an_arrow_that_is_named_is_fine(self):
        self.assertEqual([], self.tree({
            "src/high/CMakeLists.txt": "room(objects MAY_INCLUDE\n  src/low)\n",
            "src/high/a.cc": '#include "src/high/a.h"\n#include "src/low/b.h"\n#include "mobilediffusion/status.h"\n',
            "src/low/CMakeLists.txt": "room(objects)\n",
            "src/low/b.h": "#include <string>\n"}))

    def test_an_arrow_that_runs_up_is_named(self):
        self.assertEqual(["src/low/b.h includes src/high/a.h, but src/low may not include src/high"], self.tree({
            "src/high/CMakeLists.txt": "room(objects)\n",
            "src/low/CMakeLists.txt": "room(objects)  # MAY_INCLUDE src/high\n",
            "src/low/b.h": '#include "src/high/a.h"\n'}))

    def test_a_file_outside_every_room_is_named(self):
        self.assertEqual(["src/new/c.cc stands in no room: src/new/CMakeLists.txt has no room(...)"], self.tree({
            "src/low/CMakeLists.txt": "room(objects)\n",
            "src/new/c.cc": '#include "src/low/b.h"\n'}))

    def test_a_file_in_c_is_one_as_well(self):
        self.assertEqual(["src/low/b.c includes src/high/a.h, but src/low may not include src/high"], self.tree({
            "src/high/CMakeLists.txt": "room(objects)\n",
            "src/low/CMakeLists.txt": "room(other)\n",
            "src/low/b.c": '#include "src/high/a.h"\n'}))

    def test_a_name_that_nobody_needs_is_named(self):
        self.assertEqual(["src/high/CMakeLists.txt names src/low, which none of its files includes"], self.tree({
            "src/high/CMakeLists.txt": "room(objects MAY_INCLUDE src/low)\n",
            "src/low/CMakeLists.txt": "room(objects)\n"}))

    def test_a_call_to_the_system_outside_its_rooms_is_named(self):
        self.assertEqual(["src/low/b.cc includes <unistd.h>, a system's own; what asks the system stands in src/files, src/net, src/cli, kernels/runtime"],
                         self.tree({"src/low/CMakeLists.txt": "room(objects)\n",
                                    "src/low/b.cc": "#include <string>\n#if !defined(_WIN32)\n#include <unistd.h>\n#endif\n",
                                    "src/files/CMakeLists.txt": "room(objects)\n",
                                    "src/files/system_file_windows.cc": "#include <windows.h>\n#include <sys/stat.h>\n"}))

    def test_a_tree_of_json_that_is_not_taken_apart_is_named(self):
        self.assertEqual(["src/low/b.cc has a tree of JSON by itself, which cannot be destroyed where memory is short: src/files/json_document.h"],
                         self.tree({"src/low/CMakeLists.txt": "room(objects)\n",
                                    "src/low/a.cc": "const JsonDocument document(text);\n",
                                    "src/low/b.cc": "const auto tree = nlohmann::json::parse(text);\n",
                                    "src/cli/CMakeLists.txt": "room(objects)\n",
                                    "src/cli/c.cc": "nlohmann::ordered_json tree;\n"}))

    def test_a_circle_is_named(self):
        found = self.tree({
            "src/a/CMakeLists.txt": "room(objects MAY_INCLUDE src/b)\n",
            "src/a/a.h": '#include "src/b/b.h"\n',
            "src/b/CMakeLists.txt": "room(objects MAY_INCLUDE src/a)\n",
            "src/b/b.h": '#include "src/a/a.h"\n'})
        self.assertEqual(["the arrows from src/a lead back to it", "the arrows from src/b lead back to it"], found)


class ThisTree(unittest.TestCase):
    def test_every_arrow_runs_down(self):
        rooms = find_rooms(top_of_the_tree)
        self.assertGreater(len(rooms), 10)
        self.assertEqual([], sorted(offences(top_of_the_tree)))


if __name__ == "__main__":
    top_of_the_tree = sys.argv.pop(1)
    unittest.main()
