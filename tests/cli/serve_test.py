# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""`mobilediffusion serve`, as programs and other sites' pages meet it."""

import base64
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse

from program import BASE, DONE, FAILED, INTERRUPTED, PROGRAM, SLOWDOWN, USAGE, ProgramTest, content, main, run

SOON = 30 * SLOWDOWN        # seconds, on a busy machine too
LONG = {"prompt": "a long one", "width": 1024, "height": 1024, "steps": 100, "sampler": "ddim"}     # minutes of work


class Server:
    def __init__(self, *arguments, port=0):
        self.process = subprocess.Popen([PROGRAM, "serve", "--port", str(port), "--threads", "1", "--cache", "none", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.address = self.process.stdout.readline().decode().strip()
        parts = urllib.parse.urlsplit(self.address)
        assert parts.port, self.process.communicate()
        self.port, self.fragment = parts.port, parts.fragment

    def ask(self, path, body=None, method=None, headers=None):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120 * SLOWDOWN)
        with contextlib.closing(connection):
            sent = {"Content-Type": "application/json"} if body is not None else {}
            text = json.dumps(body) if isinstance(body, (dict, list)) else body
            connection.request(method or ("GET" if body is None else "POST"), path, text, {**sent, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def raw(self, text):
        """What comes back for these bytes, whole."""
        with self.connect() as connection:
            connection.sendall(text if isinstance(text, bytes) else text.encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=120 * SLOWDOWN)

    def post(self, body):
        """A connection on which that was asked for."""
        connection = self.connect()
        text = json.dumps(body)
        connection.sendall(f"POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
        return connection

    def begin(self, body):
        """One on which it is being drawn."""
        connection = self.post({**body, "format": "events"})
        read_until(connection, b"event: progress")
        return connection

    def end(self, with_signal=signal.SIGINT):
        """(exit code, seconds that it took)"""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        self.process.communicate(timeout=60 * SLOWDOWN)
        return self.process.returncode, time.monotonic() - began


def read_until(connection, expected):
    seen = b""
    while expected not in seen:
        piece = connection.recv(65536)
        assert piece, seen
        seen += piece
    return seen


def events(body):
    for part in body.decode().split("\n\n")[:-1]:
        name, data = re.fullmatch(r"event: (.*)\ndata: (.*)", part).groups()
        yield name, json.loads(data)


class ServeTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Server("--model", cls.model)

    @classmethod
    def tearDownClass(cls):
        cls.server.end()
        super().tearDownClass()

    def serve(self, *arguments):
        server = Server("--model", self.model, *arguments)
        self.addCleanup(server.end)
        return server

    def file_of(self, prompt, *arguments):
        self.assertEqual(self.generate(prompt, "-o", "drawn.png", *arguments).returncode, DONE)
        return content(self.path("drawn.png"))

    def sooner_or_later(self, status, ask):
        """The first answer of that status: the server takes a moment to see who came and who went."""
        until = time.monotonic() + 60 * SLOWDOWN
        while (answer := ask())[0] != status:
            self.assertLess(time.monotonic(), until, answer)
            time.sleep(.01)
        return answer

    def refused_with(self, answer, status, param=None, code=None):
        """An error in OpenAI's shape."""
        self.assertEqual(answer[0], status, answer)
        self.assertEqual(answer[1]["Content-Type"], "application/json")
        error = json.loads(answer[2])["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertEqual((error["param"], bool(error["message"])), (param, True), error)
        if code:
            self.assertEqual(error["code"], code)
        return error

    # What it draws

    def test_a_picture_is_the_one_that_generate_writes(self):
        expected = self.file_of("two red boats", "--seed", "7")
        for body, headers in (({}, {}), ({"format": "png"}, {"Accept": "application/json"}), ({}, {"Accept": "image/png, */*"})):
            status, answered, png = self.server.ask("/v1/generate", {"prompt": "two red boats", "seed": 7, **body}, headers=headers)
            self.assertEqual((status, answered["Content-Type"]), (200, "image/png"))
            self.assertEqual(png, expected)
            self.assertIn("unet;dur=", answered["Server-Timing"])

    def test_json(self):
        expected = self.file_of("ein Boot, 漁船", "--seed", "9", "--size", "64x96", "--steps", "2")
        for body, headers in (({"format": "json"}, {}), ({}, {"Accept": "application/json"})):
            status, answered, text = self.server.ask(
                "/v1/generate", {"prompt": "ein Boot, 漁船", "seed": 9, "width": 64, "height": 96, "steps": 2, "negative_prompt": None, **body},
                headers=headers)
            self.assertEqual((status, answered["Content-Type"]), (200, "application/json"))
            told = json.loads(text)
            self.assertEqual(base64.b64decode(told.pop("image")), expected)
            self.assertEqual((told["prompt"], told["seed"], told["width"], told["height"], told["steps"], told["unknown_words"]),
                             ("ein Boot, 漁船", 9, 64, 96, 2, []))
            self.assertEqual(set(told["seconds"]), {"encoder", "text", "unet", "decoder", "total"})

    def test_events(self):
        expected = self.file_of("a boat", "--seed", str(2**64 - 1))
        for body, headers in (({"format": "events"}, {}), ({}, {"Accept": "text/event-stream"})):
            status, answered, stream = self.server.ask("/v1/generate", {"prompt": "a boat", "seed": 2**64 - 1, **body}, headers=headers)
            self.assertEqual((status, answered["Content-Type"]), (200, "text/event-stream"))
            told = list(events(stream))
            self.assertEqual({name for name, _ in told[:-1]}, {"progress"})
            stages = list(dict.fromkeys(data["stage"] for _, data in told[:-1]))
            self.assertEqual(stages[-2:], ["unet", "decoder"])      # what the text encoder answered may be kept
            name, picture = told[-1]
            self.assertEqual((name, base64.b64decode(picture["image"]), picture["seed"]), ("picture", expected, 2**64 - 1))

    def test_begins_with_a_picture(self):
        first = self.file_of("a boat", "--size", "64x64")
        with open(self.path("first.png"), "wb") as file:
            file.write(first)
        expected = self.file_of("a house", "--image", "first.png", "--strength", "0.5")
        for before in ("", "data:image/png;base64,"):
            answer = self.server.ask("/v1/generate", {"prompt": "a house", "image": before + base64.b64encode(first).decode(), "strength": 0.5})
            self.assertEqual((answer[0], answer[2]), (200, expected))
        for image in ("", "not base64!", "abc", base64.b64encode(b"GIF89a").decode(), base64.b64encode(first[:200]).decode()):
            self.refused_with(self.server.ask("/v1/generate", {"prompt": "a house", "image": image}), 400, "image")

    def test_as_openai_has_it(self):
        status, _, text = self.server.ask("/v1/images/generations", {"prompt": "a boat", "n": 2, "size": "64x64", "user": "somebody",
                                                                     "response_format": "b64_json", "quality": "high", "model": "model"})
        self.assertEqual(status, 200, text)
        told = json.loads(text)
        self.assertLess(abs(told["created"] - time.time()), 600)
        pictures = [base64.b64decode(entry["b64_json"]) for entry in told["data"]]
        self.assertEqual((len(pictures), told["size"], told["output_format"]), (2, "64x64", "png"))
        self.assertNotEqual(*pictures)
        self.assertTrue(all(picture.startswith(b"\x89PNG") for picture in pictures))
        _, _, text = self.server.ask("/v1/images/generations", {"prompt": "a boat", "size": "auto", "output_format": "jpeg"})
        self.assertTrue(base64.b64decode(json.loads(text)["data"][0]["b64_json"]).startswith(b"\xff\xd8\xff"))
        for wrong, param, code in (({"promt": "a"}, "prompt", "missing_required_parameter"), ({"prompt": 3}, "prompt", "invalid_type"),
                                   ({"prompt": "a", "seed": 3}, "seed", "unknown_parameter"), ({"prompt": "a", "n": 0}, "n", "invalid_value"),
                                   ({"prompt": "a", "n": 11}, "n", "invalid_value"), ({"prompt": "a", "n": 1.5}, "n", "invalid_type"),
                                   ({"prompt": "a", "size": "64"}, "size", "invalid_value"), ({"prompt": "a", "size": "4096x64"}, "size", None),
                                   ({"prompt": "a", "response_format": "url"}, "response_format", "invalid_value"),
                                   ({"prompt": "a", "stream": True}, "stream", None), ({"prompt": "a", "model": "dall-e-3"}, "model", "model_not_found")):
            with self.subTest(wrong):
                error = self.refused_with(self.server.ask("/v1/images/generations", wrong), 400, param, code)
                self.assertEqual(error["type"], "invalid_request_error")
        self.assertEqual([entry["id"] for entry in json.loads(self.server.ask("/v1/models")[2])["data"]], ["model"])

    # What it tells

    def test_what_there_is(self):
        facts = json.loads(self.server.ask("/v1/info")[2])
        self.assertEqual((facts["model"], facts["width"], facts["encoder"], facts["words"]), ("model", 128, True, {}))
        self.assertIn("1 thread", facts["device"])
        api = json.loads(self.server.ask("/openapi.json")[2])
        self.assertEqual(api["openapi"], "3.1.0")
        self.assertEqual(api["components"]["schemas"]["ImagesRequest"]["properties"]["model"]["enum"], ["model", None])
        self.assertNotIn("security", api)

    def test_the_page(self):
        for path, kind in (("/", "text/html"), ("/index.html", "text/html"), ("/style.css", "text/css"), ("/page.js", "text/javascript"),
                           ("/engine.js", "text/javascript"), ("/files.js", "text/javascript"), ("/icon.svg", "image/svg+xml"),
                           ("/manifest.webmanifest", "application/manifest+json")):
            status, headers, body = self.server.ask(path)
            self.assertEqual((status, headers["Content-Type"].split(";")[0], bool(body)), (200, kind, True), path)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertEqual((headers["X-Content-Type-Options"], headers["Cross-Origin-Opener-Policy"]), ("nosniff", "same-origin"))
            status, headers, nothing = self.server.ask(path, method="HEAD")
            self.assertEqual((status, headers["Content-Length"], nothing), (200, str(len(body)), b""))
        # Nothing is fetched from elsewhere, and every file that is kept for later is there.
        listed = json.loads(re.search(r"FILES = (\[.*\])", self.server.ask("/files.js")[2].decode()).group(1))
        self.assertIn("engine.js", listed)
        for name in listed:
            status, _, body = self.server.ask("/" + name)
            self.assertEqual(status, 200, name)
            self.assertEqual(re.findall(rb"""(?:src|href|url|from|import|fetch)\W{1,3}https?:""", body), [], name)

    def test_no_other_file_can_be_had(self):
        for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/etc/passwd", "/..%5c..%5cwindows", "/page.js/..", "/style.css%00",
                     "/engine_wasm.js", "/openapi.json/", "/model/unet", "/." + self.model, "/v1", "/v1/", "/v1/generate/", "/v1/../page.js"):
            self.assertEqual(self.server.ask(path)[0], 404, path)
        for target in ("http://evil.example/", "*", "etc/passwd", "../etc/passwd"):
            self.assertTrue(self.server.raw(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 400 "), target)

    # What it refuses

    def test_wrong_requests(self):
        for body in ("", "{", "[]", "3", '"a"', "null", '{"prompt": "a"} x', b'{"prompt": "\xff"}', "[" * 100_000, '{"prompt": "\\ud800"}'):
            with self.subTest(body[:20]):
                self.refused_with(self.server.ask("/v1/generate", body), 400, None, "invalid_json")
        for wrong, param in (({}, "prompt"), ({"prompt": None}, "prompt"), ({"prompt": ["a"]}, "prompt"), ({"prompt": "a", "sed": 1}, "sed"),
                             ({"prompt": "a", "seed": -1}, "seed"), ({"prompt": "a", "seed": 2**64}, "seed"), ({"prompt": "a", "seed": "1"}, "seed"),
                             ({"prompt": "a", "width": 0}, "width"), ({"prompt": "a", "height": 2056}, "height"), ({"prompt": "a", "steps": 101}, "steps"),
                             ({"prompt": "a", "steps": 1e300}, "steps"), ({"prompt": "a", "guidance": 101}, "guidance"), ({"prompt": "a", "noise": "x"}, "noise"),
                             ({"prompt": "a", "format": "gif"}, "format"), ({"prompt": "a", "strength": 2}, "strength"),
                             ({"prompt": "ü" * 1001}, "prompt"), ({"prompt": "a", "negative_prompt": "a" * 1001}, "negative_prompt"),
                             ({"prompt": "a", "width": 65}, None), ({"prompt": "a", "sampler": "no such"}, None)):
            for form in ("png", "events"):
                with self.subTest(wrong):
                    self.refused_with(self.server.ask("/v1/generate", {"format": form, **wrong}), 400, param)
        self.assertEqual(self.server.ask("/v1/generate", {"prompt": "ü" * 1000, "width": 32, "height": 32})[0], 200)

    def test_wrong_kinds_of_requests(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            self.refused_with(self.server.ask("/v1/generate", '{"prompt": "a"}', headers={"Content-Type": kind}), 415)
        self.assertEqual(self.server.ask("/v1/generate", '{"prompt": "a"}', headers={"Content-Type": "application/json; charset=utf-8"})[0], 200)
        for path, method, allowed in (("/v1/generate", "GET", "POST"), ("/v1/generate", "OPTIONS", "POST"), ("/v1/generate", "QUERY", "POST"), ("/v1/info", "POST", "GET, HEAD"), ("/", "DELETE", "GET, HEAD")):
            answer = self.server.ask(path, method=method)
            self.refused_with(answer, 405)
            self.assertEqual(answer[1]["Allow"], allowed)
        self.assertFalse([name for name in self.server.ask("/v1/info")[1] if name.lower().startswith("access-control")])
        for head, status in (("NONSENSE\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505), ("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
                             ("GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n", 400),
                             ("GET / HTTP/1.1\r\nHost: localhost\r\nA: \x01\r\n\r\n", 400), ("G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
                             ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400)):
            self.assertTrue(self.server.raw(head).startswith(b"HTTP/1.1 %d " % status), head)
        post = "POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for rest, status in (("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411), ("Content-Length: -1\r\n\r\n", 400), ("Content-Length: 2x\r\n\r\n{}", 400),
                             ("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400), ("Content-Length: 99999999999999999999999\r\n\r\n", 413)):
            self.assertTrue(self.server.raw(post + rest).startswith(b"HTTP/1.1 %d " % status), rest)

    def test_a_body_is_asked_for(self):
        with self.server.connect() as connection:
            connection.sendall(b"POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            self.assertEqual(read_until(connection, b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"{}")
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 400 "))

    def test_limits(self):
        server = self.serve("--body-limit", "1", "--largest", "64", "--most-steps", "2")
        self.refused_with(server.ask("/v1/generate", {"prompt": "a", "image": "A" * (1 << 20)}), 413)
        self.refused_with(server.ask("/v1/generate", "x" * (20 << 20)), 413)       # sent to its end all the same
        self.refused_with(server.ask("/v1/generate", {"prompt": "a", "width": 72}), 400, "width")
        self.refused_with(server.ask("/v1/generate", {"prompt": "a", "steps": 3}), 400, "steps")
        self.refused_with(server.ask("/" + "a" * 5000), 414)
        self.refused_with(server.ask("/", headers={"X-Long": "a" * 20_000}), 431)
        self.assertEqual(server.ask("/v1/generate", {"prompt": "a", "width": 64, "height": 64, "steps": 2})[0], 200)
        api = json.loads(server.ask("/openapi.json")[2])
        self.assertEqual(api["components"]["schemas"]["GenerateRequest"]["properties"]["steps"]["maximum"], 2)

    def test_more_clients_than_there_may_be(self):
        server = self.serve("--clients", "2")
        with server.connect(), server.connect():
            answer = self.sooner_or_later(503, lambda: server.ask("/"))
            self.refused_with(answer, 503)
            self.assertEqual(answer[1]["Retry-After"], "1")
        self.sooner_or_later(200, lambda: server.ask("/"))

    # Whom it refuses

    def test_other_names_and_other_sites(self):
        port = self.server.port
        for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST:1", "192.168.1.2"):
            self.assertEqual(self.server.ask("/v1/info", headers={"Host": host})[0], 200, host)
        for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1.nip.io", "", "[evil]", "localhost@evil"):
            for path in ("/", "/v1/info"):
                self.refused_with(self.server.ask(path, headers={"Host": host}), 403, None, "wrong_host")
        self.assertEqual(self.server.ask("/v1/info", headers={"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"})[0], 200)
        for origin in ("http://evil.example", "null", f"http://localhost:{port + 1}", f"http://localhost.evil.example:{port}", f"http://127.0.0.1:{port}"):
            answer = self.server.ask("/v1/generate", {"prompt": "a"}, headers={"Host": f"localhost:{port}", "Origin": origin})
            self.refused_with(answer, 403, None, "wrong_origin")
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
            self.assertEqual(self.server.ask("/v1/info", headers={"Sec-Fetch-Site": site})[0], status)
        self.assertEqual(self.server.ask("/", headers={"Sec-Fetch-Site": "cross-site"})[0], 200)    # a link to the page
        allowed = self.serve("--allow-host", "Pictures.example")
        self.assertEqual(allowed.ask("/", headers={"Host": "pictures.example"})[0], 200)

    def test_a_token(self):
        server = self.serve("--token", "open-sesame")
        self.assertEqual(server.fragment, "token=open-sesame")
        for headers in ({}, {"Authorization": "open-sesame"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer open"},
                        {"Authorization": "Bearer open-sesame!"}, {"Authorization": "Basic open-sesame"}):
            for path, body in (("/v1/info", None), ("/v1/generate", {"prompt": "a"}), ("/v1/images/generations", {"prompt": "a"})):
                answer = server.ask(path, body, headers=headers)
                self.refused_with(answer, 401)
                self.assertEqual(answer[1]["WWW-Authenticate"], "Bearer")
        self.assertEqual(server.ask("/v1/info", headers={"Authorization": "Bearer open-sesame"})[0], 200)
        self.assertEqual(server.ask("/")[0], 200)       # who opens the page has the token in the address
        self.assertIn("security", json.loads(server.ask("/openapi.json")[2]))

    def test_others_machines_want_a_token(self):
        server = self.serve("--host", "0.0.0.0")
        token = re.fullmatch("token=([0-9a-f]{32})", server.fragment).group(1)
        self.assertEqual(server.ask("/v1/info")[0], 401)
        self.assertEqual(server.ask("/v1/info", headers={"Authorization": "Bearer " + token})[0], 200)
        self.assertNotEqual(token, self.serve("--host", "0.0.0.0").fragment[6:])

    # Many at once

    def test_a_full_queue_and_a_client_that_goes(self):
        server = self.serve("--queue", "1")
        drawn = server.begin(LONG)
        waiting = server.post({"prompt": "a", "width": 32, "height": 32, "format": "events"})
        self.assertIn(b'data: {"ahead":1}', read_until(waiting, b"event: waiting"))
        answer = server.ask("/v1/generate", {"prompt": "a"})
        self.refused_with(answer, 503, None, "queue_full")
        self.assertEqual(answer[1]["Retry-After"], "1")
        self.assertEqual(server.ask("/v1/info")[0], 200)    # the page is there all the same
        began = time.monotonic()
        drawn.close()       # its picture is cancelled, and the next is drawn
        rest = b"".join(iter(lambda: waiting.recv(65536), b""))
        waiting.close()
        self.assertIn(b"event: picture", rest)
        self.assertLess(time.monotonic() - began, SOON)

    def test_who_waits_and_goes_makes_room(self):
        server = self.serve("--queue", "1")
        small = {"prompt": "a", "width": 32, "height": 32, "format": "events"}
        with server.begin(LONG):
            waiting = server.post(small)
            read_until(waiting, b"event: waiting")
            self.assertEqual(server.ask("/v1/generate", small)[0], 503)
            waiting.close()
            until = time.monotonic() + 60 * SLOWDOWN
            while True:
                with server.post(small) as another:
                    answer = read_until(another, b"\r\n\r\n")
                    if b" 503 " not in answer.split(b"\r\n")[0]:
                        if b"event: waiting" not in answer:
                            read_until(another, b"event: waiting")
                        break
                self.assertLess(time.monotonic(), until, answer)

    # Its end

    def test_words_that_are_refused(self):
        path = self.path("words.txt")
        with open(path, "w") as file:
            file.write("# not for children\nskull\n")
        server = self.serve("--refuse-words", path)
        for call in "/v1/generate", "/v1/images/generations":
            self.refused_with(server.ask(call, {"prompt": "a SKULL"}), 400, code="content_policy_violation")
        self.assertEqual(200, server.ask("/v1/generate", {"prompt": "a boat", "format": "png"})[0])

    def test_ctrl_c_ends_it_while_it_draws(self):
        for with_signal, code in ((signal.SIGINT, INTERRUPTED), (signal.SIGTERM, DONE)):
            server = self.serve()
            with server.begin(LONG) as drawn, server.connect(), server.connect() as half:
                half.sendall(b"GET / HT")
                ended, seconds = server.end(with_signal)
                self.assertEqual(ended, code)
                self.assertLess(seconds, SOON)
                rest = b"".join(iter(lambda: drawn.recv(65536), b""))
                self.assertNotIn(b"event: picture", rest)
            again = Server("--model", self.model, port=server.port)      # the port is free at once
            self.addCleanup(again.end)
            self.assertEqual(again.port, server.port)

    def test_command_lines(self):
        taken = run("serve", "--model", self.model, "--port", str(self.server.port))
        self.refused(taken, FAILED, f"port {self.server.port}", "in use")
        for arguments, saying in ((("--port", "70000"), "--port"), (("--clients", "0"), "--clients"), (("--host", "no such host"), "no such host"),
                                  (("--queue", "-1"), "--queue"), (("--token", "open sesame"), "--token"), (("--body-limit", "x"), "decimal")):
            done = run("serve", "--model", self.model, *arguments)
            self.assertEqual(done.returncode, USAGE, arguments)
            self.assertIn(saying, done.stderr.decode())
        self.refused(run("serve", "--model", "/nowhere", "--port", "0"), FAILED, "/nowhere")
        self.refused(run("serve", "--model", BASE, "--port", "0"), FAILED)      # a configuration, without weights


class WordsOfTheModelTest(ProgramTest):
    def test_unknown_words_are_told(self):
        with open(os.path.join(self.model, "words.json"), "w", encoding="utf-8") as file:
            json.dump({"subjects": ["boat"], "others": ["a"]}, file)
        server = Server("--model", self.model)
        self.addCleanup(server.end)
        told = json.loads(server.ask("/v1/generate", {"prompt": "a red boat", "format": "json"})[2])
        self.assertEqual(told["unknown_words"], ["red"])
        self.assertEqual(json.loads(server.ask("/v1/info")[2])["words"], {"subjects": ["boat"], "others": ["a"]})


if __name__ == "__main__":
    main()
