"""Run notebooks with the interpreter that runs this, never with a kernel that is found by its name.

A name such as `python3` is looked up in the reader's home too, where another project may have left a kernel of that
name, without the course or of an environment that is gone.
"""

from __future__ import annotations

from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient


class OwnKernelManager(AsyncKernelManager):
    """Starts `sys.executable`, whatever kernels are registered on this machine."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel that ipykernel describes for the interpreter that is running.

        It says errors only: ipykernel 7 warns of a connection without encryption, which never leaves the machine.
        """
        return KernelSpec(**get_kernel_dict(["--log-level=ERROR"]))


def client(notebook: Any, **options: Any) -> NotebookClient:
    """Return nbclient's client for a notebook, whatever kernel the notebook names; `options` are the client's own."""
    return NotebookClient(notebook, kernel_name="python3", kernel_manager_class=OwnKernelManager, **options)
