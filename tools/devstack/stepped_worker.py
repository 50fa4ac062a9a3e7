"""A worker whose clock can be stepped."""

import runpy

from tools.devstack.stepped import install

install()
runpy.run_module("workers", run_name="__main__", alter_sys=True)
