"""The services that are measured: the smallest server of each stack that answers with a word.

Each answers every path with its word, takes an inherited socket (`LISTEN_FDS`) where there is one, and binds PORT
otherwise, so that every tool runs the same source. `replace` makes hybrid-tasks stop the old one first.
"""

from __future__ import annotations

PYTHON = """
VERSION = "WORD"


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = VERSION.encode()
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
"""
FASTAPI = """
import numpy
import sqlalchemy
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = "WORD"
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)


@app.get("/{path:path}", response_class=PlainTextResponse)
async def root(path: str) -> str:
    return VERSION
"""
GO = """package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func listen() (net.Listener, error) {
	if os.Getenv("LISTEN_PID") == fmt.Sprint(os.Getpid()) {
		return net.FileListener(os.NewFile(3, "socket"))
	}
	return net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
}

func main() {
	listener, err := listen()
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "WORD") })
	panic(http.Serve(listener, nil))
}
"""
GO_MODULE = "module bench\n\ngo 1.21\n"
RUST = """use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::FromRawFd;
use std::{env, process, thread};

fn listener() -> TcpListener {
    if env::var("LISTEN_PID").ok() == Some(process::id().to_string()) {
        return unsafe { TcpListener::from_raw_fd(3) };
    }
    TcpListener::bind(format!("127.0.0.1:{}", env::var("PORT").unwrap())).unwrap()
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?.take(65536)).lines();
    while let Some(Ok(line)) = lines.next() {
        if line.is_empty() {
            break;
        }
    }
    let body = "WORD";
    let length = body.len();
    write!(stream, "HTTP/1.1 200 OK\\r\\nContent-Length: {length}\\r\\nConnection: close\\r\\n\\r\\n{body}")
}

fn main() {
    for stream in listener().incoming().flatten() {
        thread::spawn(move || serve(stream));
    }
}
"""
RUST_MANIFEST = '[package]\nname = "bench"\nversion = "0.1.0"\nedition = "2021"\n'
RUST_LOCK = 'version = 3\n\n[[package]]\nname = "bench"\nversion = "0.1.0"\n'

TEXTS = {"python": PYTHON, "python-warm": PYTHON, "fastapi-warm": FASTAPI, "go": GO, "rust": RUST}
LANGUAGES = {name: "python" if name.endswith("warm") else name for name in TEXTS}
"""Which stack builds and starts each."""
FILES = {name: {"python": "main.py", "go": "main.go", "rust": "src/main.rs"}[LANGUAGES[name]] for name in TEXTS}
"""The file that is edited, by stack."""
BESIDE = {
    **{name: {} for name, language in LANGUAGES.items() if language == "python"},
    "go": {"go.mod": GO_MODULE},
    "rust": {"Cargo.toml": RUST_MANIFEST, "Cargo.lock": RUST_LOCK, ".gitignore": "/target\n"},
}
"""What else a service's directory holds, by stack."""


def text(stack: str, word: str) -> str:
    """Give the source of a service that answers with a word."""
    return TEXTS[stack].replace("WORD", word)


def service(stack: str, word: str, folder: str = "") -> dict[str, str]:
    """Give the files of a service.

    Args:
        stack: `python`, `go` or `rust`.
        word: what it answers.
        folder: where they are put.
    """
    prefix = f"{folder}/" if folder else ""
    files = {FILES[stack]: text(stack, word), **BESIDE[stack]}
    return {prefix + name: content for name, content in files.items()}


def table(name: str, stack: str, port: int, folder: str, more: str = "") -> str:
    """Give the lines of `hybrid.toml` that describe a service."""
    language = LANGUAGES[stack]
    app = f'[services.{name}.python]\napp = "main:app"\n' if language == "python" else ""
    return (
        f'[services.{name}]\nstack = "{language}"\ndir = "{folder}"\nport = {port}\nport_env = "PORT"\n'
        f'health = "/"\n{more}\n{app}\n'
    )


def project(stack: str, port: int, more: str = "", word: str = "zero") -> dict[str, str]:
    """Give the files of a project with one service, `web`, in `web/`."""
    return {"hybrid.toml": table("web", stack, port, "web", more), **service(stack, word, "web")}
