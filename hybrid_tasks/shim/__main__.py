"""The door: makes this directory importable as the package `shim`, and becomes the template or the shim of a fork.

It is run by path, so that neither site packages nor the rest of hybrid-tasks is ever loaded.
"""

import sys
from importlib import import_module
from os.path import abspath, dirname
from types import ModuleType

package = ModuleType("shim")
package.__path__ = [dirname(abspath(__file__))]  # noqa: PTH100, PTH120 -- pathlib costs a forked shim memory
sys.modules["shim"] = package
if sys.argv[1] == "adopt":
    import_module("shim.job").adopt(*map(int, sys.argv[2:]))
else:
    import_module("shim.template").serve(int(sys.argv[1]))
