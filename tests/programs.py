"""Small programs in three languages that answer with WORD on the port in PORT."""

from __future__ import annotations

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"LENGTH")]})
    await send({"type": "http.response.body", "body": b"WORD"})
"""

SCRIPT = """
import http.server, os

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len("WORD")))
        self.end_headers()
        self.wfile.write(b"WORD")

if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""

GO = """package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "WORD") })
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
"""

RUST = """use std::io::{Read, Write};

fn main() {
    let port = std::env::var("PORT").unwrap();
    let listener = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        let word = "WORD";
        let head = format!("HTTP/1.1 200 OK\\r\\nContent-Length: {}\\r\\nConnection: close\\r\\n\\r\\n", word.len());
        let _ = stream.write_all(format!("{head}{word}").as_bytes());
    }
}
"""

GO_FILES = {"go.mod": "module sample\n\ngo 1.21\n"}
RUST_FILES = {
    "Cargo.toml": '[package]\nname = "sample-service"\nversion = "0.1.0"\nedition = "2021"\n'
    '\n[[bin]]\nname = "served"\npath = "src/main.rs"\n'
}
