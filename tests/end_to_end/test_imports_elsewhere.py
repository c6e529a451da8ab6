"""A program that imports more than before is watched there as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_tasks.testing.project import Project, free_port, get

MAIN = """package main

import (
	"fmt"
	"net/http"
	"os"
IMPORT
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, VALUE) })
	http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}
"""


@pytest.mark.needs("go")
@pytest.mark.timeout(300)
def test_bug_a_directory_imported_later_was_not_watched(tmp_path: Path) -> None:
    project, port = Project(tmp_path / "project", tmp_path / "state"), free_port()
    project.write("go.mod", "module sample\n\ngo 1.21\n")
    project.write("shared/two/two.go", 'package two\n\nconst Word = "two"\n')
    main = project.write("cmd/server/main.go", MAIN.replace("IMPORT", "").replace("VALUE", '"one"'))
    project.write(
        "hybrid.toml",
        f'[services.sample]\nstack = "go"\nport = {port}\nport_env = "PORT"\n[services.sample.go]\nmain = "./cmd/server"\n',
    )
    try:
        assert project.inv("dev-start").code == 0
        main.write_text(MAIN.replace("IMPORT", '\t"sample/shared/two"').replace("VALUE", "two.Word"))
        assert project.inv("dev-wait", "--reload").code == 0
        assert get(port) == "two"
        project.write("shared/two/two.go", 'package two\n\nconst Word = "three"\n')
        assert project.inv("dev-wait", "--reload").code == 0
        assert get(port) == "three"
    finally:
        assert project.close() == []
