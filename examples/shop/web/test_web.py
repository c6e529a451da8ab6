from __future__ import annotations

import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
from neighbours import Neighbour, NotAnswering
from page import render


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"no json" if self.path == "/odd" else json.dumps({"tea": 450}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


class WebTest(unittest.TestCase):
    def setUp(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def test_neighbours_are_asked(self) -> None:
        assert Neighbour(self.url).get("/prices") == {"tea": 450}

    def test_a_gap_where_a_neighbour_is_missing(self) -> None:
        with self.assertRaises(NotAnswering):  # noqa: PT027 - runs without pytest too
            Neighbour(self.url).get("/odd")
        app.api, app.stock = Neighbour(self.url), Neighbour("http://127.0.0.1:9")
        found = app.catalogue()
        assert found["prices"] == {"tea": 450}
        assert "127.0.0.1:9/stock" in found["stock_missing"]
        assert "<td>tea<td>4.50<td>?" in render(found)

    def test_words_are_escaped(self) -> None:
        page = render({"title": "<b>", "greeting": "&", "prices": {"<i>": 1}, "stock": {"<i>": 2}})
        assert "<h1>&lt;b&gt;</h1><p>&amp;" in page
        assert "<td>&lt;i&gt;<td>0.01<td>2" in page


if __name__ == "__main__":
    unittest.main()
