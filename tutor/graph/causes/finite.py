"""Look for NaN and Inf in what operations give, many tensors at once, so that a device is asked seldom."""

from __future__ import annotations

import math

import torch

from ..stats import span_of

BATCH = 64
MOST_BYTES = 16_000_000
_PLAIN = (torch.Tensor, torch.nn.Parameter)


class Finite:
    """Numbers of operations whose results held NaN or Inf; holds a few tensors for a moment, never many bytes."""

    def __init__(self) -> None:
        self.bad: dict[int, str] = {}
        self._waiting: list[tuple[int, torch.Tensor, int]] = []
        self._bytes = 0

    def add(self, number: int, results: list[torch.Tensor]) -> None:
        """Take the results of an operation."""
        if torch._C._len_torch_dispatch_stack():  # private: under a mode (a compiler's fake one) nothing can be asked
            return
        for one in results:
            if _can_be_asked(one) and (size := one.nbytes):
                self._waiting.append((number, one, _version(one)))
                self._bytes += size
        if len(self._waiting) >= BATCH or self._bytes > MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Look at what waits, and let it go."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        groups: dict[tuple, list[tuple[int, torch.Tensor]]] = {}
        for number, tensor, version in waiting:
            if _version(tensor) == version:  # what was changed since is looked at as the result of what changed it
                groups.setdefault((tensor.device, tensor.dtype), []).append((number, tensor.detach()))
        for group in groups.values():
            # the Euclidean norm, since the largest number takes nine times as long; it is not finite if any number is
            # not, and also where squares overflow, which is looked at again
            norms = torch.stack(torch._foreach_norm([tensor for _, tensor in group])).tolist()
            for (number, tensor), norm in zip(group, norms, strict=True):
                if not math.isfinite(norm) and (trouble := _trouble(tensor)):
                    self.bad[number] = "NaN" if "NaN" in (trouble, self.bad.get(number)) else "Inf"


def _trouble(tensor: torch.Tensor) -> str:
    """Return "NaN", "Inf" or an empty string for what a tensor holds."""
    low, high = span_of(tensor)
    return "NaN" if math.isnan(low) else "Inf" if math.isinf(low) or math.isinf(high) else ""


def _can_be_asked(tensor: torch.Tensor) -> bool:
    """Tell whether a tensor holds plain numbers: no fake, nested or vmapped one, whose numbers are elsewhere."""
    return (
        type(tensor) in _PLAIN
        and tensor.is_floating_point()
        and tensor.layout is torch.strided
        and not (tensor.is_meta or tensor.is_nested)
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)  # private: torch.func has no public question
    )


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
