"""Run notebooks with the interpreter that runs this, never with a kernel that is found by its name.

A name such as `python3` is looked up in the reader's home too, where another project may have left a kernel of that
name, without the course or of an environment that is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

STARTS = 3


class OwnKernelManager(AsyncKernelManager):
    """Starts `sys.executable`, whatever kernels are registered on this machine."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel that ipykernel describes for the interpreter that is running.

        It says errors only: ipykernel 7 warns of a connection without encryption, which never leaves the machine.
        """
        return KernelSpec(**get_kernel_dict(["--log-level=ERROR"]))


class Client(NotebookClient):
    """Starts the kernel anew where it dies before it has replied once.

    A kernel is told which ports to take before it takes them, and on a busy machine another program can come between.
    Nothing of the notebook has run by then, so a kernel that dies there says nothing of the notebook.
    """

    _given: Mapping[str, Any] = MappingProxyType({})

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        """Start a kernel; keep what it was started with."""
        self._given = dict(kwargs)
        await super().async_start_new_kernel(**kwargs)

    async def async_start_new_kernel_client(self) -> Any:
        """Wait until the kernel replies, `STARTS` kernels long."""
        for left in reversed(range(STARTS)):
            try:
                return await super().async_start_new_kernel_client()
            except RuntimeError:  # what jupyter_client says of a kernel that died, and of one that is late
                if not left:
                    raise
            if self.km is None:
                self.create_kernel_manager()
            await self.async_start_new_kernel(**self._given)

    start_new_kernel = run_sync(async_start_new_kernel)
    start_new_kernel_client = run_sync(async_start_new_kernel_client)


def client(notebook: Any, **options: Any) -> NotebookClient:
    """Return nbclient's client for a notebook, whatever kernel the notebook names; `options` are the client's own."""
    return Client(notebook, kernel_name="python3", kernel_manager_class=OwnKernelManager, **options)
