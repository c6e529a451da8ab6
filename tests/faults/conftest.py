"""What the tests of this folder share."""

from logreaders import readers
from seat import port, project

__all__ = ["port", "project", "readers"]
