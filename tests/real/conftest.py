"""What the tests of this folder share."""

from seat import port, project

__all__ = ["port", "project"]
