"""A small HTTP service in each language, whose versions differ in the word they answer and in what they do at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hybrid_tasks.testing.project import Project

PYTHON = """
import http.server, os, time

START

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len("WORD")))
        self.end_headers()
        self.wfile.write(b"WORD")

    def log_message(self, *_):
        pass

if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""

GO = """package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

var _ = time.Now

func main() {
	START
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "WORD") })
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
"""

RUST = """use std::io::{Read, Write};

fn main() {
    START
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
CARGO = '[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n'


@dataclass(frozen=True)
class Language:
    """How to write a service; `crash`, `hang` and `elsewhere` (with a port) are statements at its start."""

    stack: str
    main: str
    source: str
    crash: str
    hang: str
    elsewhere: Callable[[int], str]
    more: tuple[tuple[str, str], ...] = ()

    def text(self, word: str, start: str = "") -> str:
        """The main file of a version."""
        return self.source.replace("WORD", word).replace("START", start)

    def files(self, word: str) -> dict[str, str]:
        """All files of a first version."""
        return {**dict(self.more), self.main: self.text(word)}


LANGUAGES = {
    "python": Language(
        "python",
        "main.py",
        PYTHON,
        "raise SystemExit('this version is bad')",
        "time.sleep(1000)",
        lambda port: f'os.environ["PORT"] = "{port}"',
    ),
    "go": Language(
        "go",
        "main.go",
        GO,
        'fmt.Fprintln(os.Stderr, "this version is bad")\n\tos.Exit(1)',
        "time.Sleep(1000 * time.Second)",
        lambda port: f'os.Setenv("PORT", "{port}")',
        (("go.mod", "module sample\n\ngo 1.21\n"),),
    ),
    "rust": Language(
        "rust",
        "src/main.rs",
        RUST,
        'eprintln!("this version is bad");\n    std::process::exit(1);',
        "std::thread::sleep(std::time::Duration::from_secs(1000));",
        lambda port: f'std::env::set_var("PORT", "{port}");',
        (("Cargo.toml", CARGO),),
    ),
}


def table(language: Language, port: int, more: str = "", name: str = "web") -> str:
    """The tables of a service that binds its port itself; its sources are in the directory of its name."""
    return (
        f'[services.{name}]\nstack = "{language.stack}"\ndir = "{name}"\nport = {port}\nport_env = "PORT"\nlisten = "own"\n'
        f'health = {{http = "/", start_period = 20}}\n{more}\n'
    )


def written(project: Project, language: Language, word: str, name: str = "web") -> None:
    """Write all files of a service's first version."""
    for file, text in language.files(word).items():
        project.write(f"{name}/{file}", text)
