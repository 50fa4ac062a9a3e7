"""The web process whose clock can be stepped."""

import runpy

from tools.devstack.stepped import install

install()
runpy.run_module("webhooks", run_name="__main__", alter_sys=True)
