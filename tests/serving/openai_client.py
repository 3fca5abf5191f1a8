# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""OpenAI's own client against `mobilediffusion serve`: openai_client.py ADDRESS MODEL TOKEN. The server wants that token."""

import base64
import sys
import unittest

import openai

ADDRESS, MODEL, TOKEN = sys.argv[1:]


def client(token=TOKEN):
    return openai.OpenAI(base_url=ADDRESS + "v1", api_key=token, max_retries=0)


class OpenAiClientTest(unittest.TestCase):
    def test_pictures(self):
        answer = client().images.generate(prompt="two red boats", n=2, size="auto", response_format="b64_json", user="somebody", model=MODEL)
        self.assertEqual(len(answer.data), 2)
        for picture in answer.data:
            self.assertTrue(base64.b64decode(picture.b64_json).startswith(b"\x89PNG"))
        self.assertGreater(answer.created, 1_700_000_000)
        self.assertEqual(answer.output_format, "png")

    def test_models(self):
        self.assertEqual([model.id for model in client().models.list()], [MODEL])

    def test_errors(self):
        for wrong, param in (({"prompt": "a", "n": 11}, "n"), ({"prompt": "a", "size": "1x"}, "size"), ({"prompt": "a", "response_format": "url"}, "response_format"),
                             ({"prompt": "a" * 1001}, "prompt"), ({"prompt": "a", "extra_body": {"sed": 1}}, "sed"), ({"prompt": "a", "model": "dall-e-3"}, "model")):
            with self.subTest(wrong), self.assertRaises(openai.BadRequestError) as raised:
                client().images.generate(**wrong)
            self.assertEqual(raised.exception.param, param)
            self.assertEqual(raised.exception.type, "invalid_request_error")
        with self.assertRaises(openai.AuthenticationError):
            client("another").images.generate(prompt="a")
        with self.assertRaises(openai.NotFoundError):
            client().images.with_raw_response.edit(image=b"", prompt="a")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
