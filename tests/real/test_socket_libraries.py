"""Services that take our socket through the libraries people use for it: go-systemd and the crate listenfd."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import pytest
from seat import reloaded, services, started
from shop import Load

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(600)]

GO = """package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

func main() {
	listeners, err := activation.Listeners()
	if err != nil || len(listeners) != 1 {
		panic(fmt.Sprint(len(listeners), " sockets, ", err))
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "WORD") })
	server := &http.Server{}
	go server.Serve(listeners[0])
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	server.Shutdown(context.Background())
}
"""

RUST = """use std::io::{Read, Write};

fn main() {
    let listener = listenfd::ListenFd::from_env().take_tcp_listener(0).unwrap().expect("no socket was given");
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let head = format!("HTTP/1.1 200 OK\\r\\nContent-Length: {}\\r\\nConnection: close\\r\\n\\r\\n", "WORD".len());
            let _ = stream.write_all(format!("{head}{}", "WORD").as_bytes());
        });
    }
}
"""


@dataclass(frozen=True)
class Library:
    manifest: str
    manifest_text: str
    main: str
    source: str
    fetch: tuple[str, ...]


LIBRARIES = {
    "go": Library(
        "go.mod",
        "module sample\n\ngo 1.21\n\nrequire github.com/coreos/go-systemd/v22 v22.5.0\n",
        "main.go",
        GO,
        ("go", "mod", "tidy"),
    ),
    "rust": Library(
        "Cargo.toml",
        '[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nlistenfd = "1"\n',
        "src/main.rs",
        RUST,
        ("cargo", "fetch", "-q"),
    ),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.needs(name)) for name in LIBRARIES])
def test_the_library_is_found_and_takes_the_socket_swap_after_swap(project: Project, port: int, name: str) -> None:
    library = LIBRARIES[name]
    project.write("hybrid.toml", f'[services.web]\ndir = "web"\nport = {port}\nhealth = "/"\n')
    project.write(f"web/{library.manifest}", library.manifest_text)
    main = project.write(f"web/{library.main}", library.source.replace("WORD", "zero"))
    subprocess.run(library.fetch, cwd=project.root / "web", check=True, timeout=300)
    started(project, "--timeout", "300")
    assert services(project)["web"]["launch"] == "beside"
    with Load(port) as load:
        for number in range(4):
            main.write_text(library.source.replace("WORD", f"v{number}"))
            assert reloaded(project)[1] == 0
    assert load.failures == []
    assert len(load.answers) == 5
