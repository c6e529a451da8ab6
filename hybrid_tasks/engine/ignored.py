"""What is never watched, whatever the project: version control, dependencies, build output and editors' scratch files.

A user's `ignore = ["!dist/"]` takes an entry in again.
"""

from __future__ import annotations

BUILT_IN: tuple[str, ...] = (
    # version control
    ".git",
    ".hg/",
    ".svn/",
    ".jj/",
    # our own
    ".hybrid/",
    # dependencies
    "node_modules",
    ".venv",
    "venv/",
    "site-packages/",
    "*.egg-info/",
    ".eggs/",
    # build output and caches
    "target/",
    "dist/",
    "__pycache__/",
    "*.pyc",
    "*.pyo",
    "__debug_bin*",
    ".cache/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".hypothesis/",
    ".import_linter_cache/",
    ".tox/",
    ".nox/",
    ".gradle/",
    ".next/",
    ".nuxt/",
    ".turbo/",
    ".parcel-cache/",
    ".svelte-kit/",
    ".terraform/",
    "htmlcov/",
    ".coverage",
    # editors and desktops
    ".idea/",
    ".vscode/",
    ".vs/",
    "*.swp",
    "*.swo",
    "*.swx",
    "*~",
    ".#*",
    "\\#*#",
    "4913",
    "___jb_*",
    "*___jb_tmp___",
    "*___jb_old___",
    ".goutputstream-*",
    ".~lock.*",
    ".DS_Store",
    "Thumbs.db",
    ".fuse_hidden*",
    ".nfs*",
    # what programs leave while they run
    "*.log",
    "*.pid",
    "*.sock",
    # rules about files, not source
    ".gitignore",
    ".gitattributes",
    ".gitkeep",
    ".dockerignore",
)
"""Gitignore lines that apply everywhere, below every other rule."""
