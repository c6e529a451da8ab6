"""What the lines of a Procfile say of a service."""

from __future__ import annotations

import pytest

from hybrid_tasks.config.procfile import entries


@pytest.mark.parametrize(
    ("line", "port", "place"),
    [
        ("uvicorn main:app --port 9000", 9000, "."),
        ("gunicorn -b 0.0.0.0:9001 --workers 4 app", 9001, "."),
        ("PORT=9002 npm run dev", 9002, "."),
        ("rails server -p 9003", 9003, "."),
        ("python manage.py runserver 9004", 9004, "."),
        ("python -m http.server 9005", 9005, "."),
        ("serve --bind [::1]:9006", 9006, "."),
        ("cd a && exec ./run", None, "a"),
        ("cd 'a' && ./run --port 9007 | cat", 9007, "a"),
        ("cd a; ./run", None, "."),
        ("cd nowhere && ./run", None, "."),
        ("cd .. && ./run", None, "."),
        ("cd $HOME && ./run", None, "."),
        ("npm run dev -p 4", None, "."),
        ("serve --port 99999 --workers 9000", None, "."),
        ("serve --port 9008 --admin --http-port 9009", None, "."),
        ("db --bind 10.0.0.1", None, "."),
    ],
)
def test_what_a_line_of_a_procfile_says(tmp_path, line, port, place):
    (tmp_path / "a").mkdir()
    (tmp_path / "Procfile").write_text(f"web: {line}\n")
    (entry,) = entries(tmp_path / "Procfile")
    assert (entry.port, entry.directory) == (port, tmp_path / place)
    assert ("cd" in " ".join(entry.argv)) == ("cd" in line and place == ".")


@pytest.mark.parametrize("line", ["./run --token={word}", "{word}", "cd {word} && ./run", "cd a && ./{word}"])
def test_bug_a_word_longer_than_a_file_name_ended_with_a_traceback(tmp_path, line):
    (tmp_path / "a").mkdir()
    (tmp_path / "Procfile").write_text(f"web: {line.format(word='x' * 300)}\nworker: ./run\n")
    assert [entry.name for entry in entries(tmp_path / "Procfile")] == ["web", "worker"]
