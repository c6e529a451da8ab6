"""The contract every stack keeps, on the real engine with a real Node.js: all of it is inherited."""

from __future__ import annotations

import shutil

import pytest

from hybrid_tasks.testing.stack import StackContract

SERVER = """
const http = require("node:http");
http.createServer((request, response) => response.end("WORD")).listen(process.env.PORT, "127.0.0.1");
"""

INHERITED = """
const http = require("node:http");
const where = process.env.LISTEN_FDS ? { fd: 3 } : { port: process.env.PORT, host: "127.0.0.1" };
http.createServer((request, response) => response.end("WORD")).listen(where);
"""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


class TestNode(StackContract):
    stack = "node"

    def source(self, word: str) -> dict[str, str]:
        return {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": SERVER.replace("WORD", word)}

    def broken(self) -> dict[str, str]:
        return {"server.js": "this is not javascript"}


class TestNodeBesideTheOldVersion(TestNode):
    """The same for a program that takes its listening socket: its new version starts beside the old one."""

    def source(self, word: str) -> dict[str, str]:
        return {"package.json": '{"main": "server.js"}', "server.js": INHERITED.replace("WORD", word)}
