"""Say why there is no gradient, what broke a backward pass and where it died: of a loss, or of what runs in a block."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from types import FrameType, TracebackType

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from .causes import again, functions, gradientless, inplace, messages
from .causes.evidence import Backward, Evidence
from .causes.finding import Finding
from .causes.lines import is_hidden, line_now, line_of, spot_now
from .causes.tape import Tape
from .explanation import Explanation
from .gather import after_error, before_backward, conclude, evidence, numbers_of
from .intercept import Run, each_backward
from .naming import Watched, hook_modules, sequence_now, tensors_in
from .record import Losses
from .recorder import listening
from .stats import measure_norm

MOST_FRAMES = 8


def explain(
    loss: Losses | nn.Module | None = None,
    model: nn.Module | Watched | None = None,
    params: Mapping[str, torch.Tensor] | None = None,
    *,
    check_functions: bool = False,
) -> Explanation | Block:
    """Say what is wrong with the gradients of a loss; or, as a block, with whatever runs in it.

    Parameters
    ----------
    loss
        A loss that was computed, before or after its backward pass. Or the model: then the result is a block to put
        around forward, backward or a whole step, also where a library calls backward.
    model
        Names parameters and modules; what `watch` yielded tells modules exactly.
    params
        Names for tensors that are not the model's.
    check_functions
        In a block: also compare the backward of every custom autograd.Function with finite differences, in float64
        and after the block, on the inputs of its first call.

    Returns
    -------
    Explanation
        Of the loss; or, as ``with graph.explain(model) as e``, filled in when the block ends. If an exception leaves
        the block, what was found is shown and the exception passes.

    Examples
    --------
    >>> graph.explain(loss, model)
    >>> with graph.explain(model) as e:
    ...     trainer.train()
    >>> e.sentence
    """
    if loss is None or isinstance(loss, nn.Module | Watched):
        if loss is not None and model is not None:
            raise TypeError("As a block explain() takes the model alone: with graph.explain(model) as e: ...")
        return Block(model if loss is None else loss, params, check_functions)
    if check_functions:
        raise ValueError(
            "check_functions needs a block: with graph.explain(model, check_functions=True) around the forward."
        )
    known = evidence(loss, model, params, [inspect.currentframe().f_back])
    result = Explanation(finished=True)
    conclude(known, result, [*inplace.find(known), *before_backward(known)])
    result.findings = (*result.findings, *again.find(known))
    return result


class Block:
    """The block form of `explain`: watches what runs in it, changes no gradient, and leaves no hook behind."""

    def __init__(
        self, model: nn.Module | Watched | None, params: Mapping[str, torch.Tensor] | None, check_functions: bool
    ) -> None:
        self._seen = model if isinstance(model, Watched) else Watched(model)
        self._params, self._functions = params, functions.Calls() if check_functions else None
        self._explanation = Explanation()

    def __enter__(self) -> Explanation:
        self._frame: FrameType | None = inspect.currentframe().f_back
        self._tape = Tape(self._seen)
        self._known: Evidence | None = None
        self._found: list[Finding] = []
        self._earlier: list[Backward] = []
        self._reached: set[int] = set()
        self._explained_error: BaseException | None = None
        self._fault: Exception | None = None
        with ExitStack() as stack:
            for handle in (*hook_modules(self._seen), *_step_hooks(self._tape)):
                stack.callback(handle.remove)
            stack.enter_context(each_backward(self._backward))
            if self._functions:
                stack.enter_context(self._functions)
            stack.enter_context(self._tape)
            self._stack = stack.pop_all()
        return self._explanation

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stack.close()
        result = self._explanation
        self._safely(self._end, error, traceback)
        if fault := self._fault or self._tape.fault:
            words = f"{type(fault).__name__}: {fault}"
            result.findings += (Finding("note", f"Part of what happened could not be explained ({words})."),)
        result.finished = True
        # the block may live on in a notebook's last traceback: it must keep no graph
        self._known = self._frame = self._tape = self._stack = self._explained_error = self._fault = None
        self._seen.running.clear()
        if isinstance(error, Exception):
            result.error = f"{type(error).__name__}: {error}"
            _show(result)

    def _end(self, error: BaseException | None, traceback: TracebackType | None) -> None:
        result, known = self._explanation, self._known
        last = self._tape.last_scalar() if self._tape.last_scalar else None
        if known is None and last is not None:
            self._tape.finite.flush()
            known = self._look([last])
            self._found += before_backward(known)
        if known is not self._known:
            self._found += [*inplace.find(known), *again.find(known)]
        elif known is not None and last is not None and last.grad_fn not in known.ids:
            self._found += again.find(self._look([last]))  # what the block leaves behind
        if isinstance(error, Exception) and error is not self._explained_error:
            if known is not None:  # what an earlier pass left out may be what is complained of
                self._found += [one for one in gradientless.find(known) if one.kind != "note"]
            self._found += messages.find(None, error, *_raised_at(error, traceback))
        conclude(known, result, self._found, failed=error is not None)
        if self._functions:
            result.findings = (*self._functions.findings(), *result.findings)
        result.backwards = len(self._earlier)

    def _look(self, losses: list[torch.Tensor]) -> Evidence:
        known = evidence(losses, self._seen, self._params, _frames(self._frame))
        known.tape, known.earlier = self._tape, list(self._earlier)
        known.reached_before, known.line = frozenset(self._reached), line_of(line_now())
        known.spot = spot_now()
        return known

    def _backward(self, roots: list, run: Run) -> object:
        losses = [root for root in roots if isinstance(root, torch.Tensor)]
        self._tape.paused = True
        try:
            known = self._safely(self._look, losses) if losses else None  # graph edges alone have no value to look at
            if known is None:
                return run()
            self._known = known
            self._safely(self._tape.finite.flush)
            before = self._safely(before_backward, known) or []
            known.forget()
            return self._recorded(known, before, run)
        finally:
            self._tape.paused = False

    def _recorded(self, known: Evidence, before: list[Finding], run: Run) -> object:
        """Carry out a backward pass, and look for the cause of what it raises."""
        try:
            with listening(known.graph, known.torch_nodes, numbers_of(known), leaves=measure_norm):
                result = run()
            self._found = before
            return result
        except Exception as error:
            self._explained_error = error
            self._found = [*(self._safely(after_error, known, error) or []), *before]
            raise
        finally:
            known.forget()
            known.ended = len(self._tape.ops)
            self._reached |= known.reached.keys()
            ran = frozenset(node.sequence for node in known.graph.nodes if not node.is_leaf)
            here = known.line, known.spot, sequence_now() or 0
            self._earlier.append(Backward(*here, ran, len(known.graph.nodes), known.names))

    def _safely(self, look: Callable, *args: object) -> object:
        """Look at something; what explains must never stand in the way of what is explained."""
        try:
            return look(*args)
        except Exception as fault:
            self._fault = fault
            return None


def _step_hooks(tape: Tape) -> Iterator[object]:
    """Yield handles of hooks that tell the tape when an optimizer takes a step."""

    def begin(optimizer: object, args: object, kwargs: object) -> None:
        tape.during = f"{type(optimizer).__name__}.step()"

    def end(optimizer: object, args: object, kwargs: object) -> None:
        tape.during = ""

    yield register_optimizer_step_pre_hook(begin)
    yield register_optimizer_step_post_hook(end)


def _frames(outermost: FrameType | None) -> list[FrameType]:
    """Return the user's frames from where backward was called out to the block's own."""
    found, frame = [], sys._getframe(1)
    while frame is not None and len(found) < MOST_FRAMES:
        if not is_hidden(frame.f_code):
            found.append(frame)
        if frame is outermost:
            break
        frame = frame.f_back
    return found


def _raised_at(error: Exception, traceback: TracebackType | None) -> tuple[str, str]:
    """Return in words the tensor that backward() was called on, where it says, and the user's line that raised."""
    root, line = "the loss", ""
    while traceback is not None:
        frame = traceback.tb_frame
        if not is_hidden(frame.f_code):
            line = str(line_of((frame.f_code, traceback.tb_lineno)))
        for tensor in tensors_in(frame.f_locals.get("tensors")) if frame.f_code.co_name == "backward" else ():
            root = f"a tensor of shape {tuple(tensor.shape)}"
        traceback = traceback.tb_next
    return root, line


def _show(result: Explanation) -> None:
    """Show what was found beside an exception: as a picture in a notebook, as text elsewhere."""
    shell = sys.modules.get("IPython")
    if shell is not None and shell.get_ipython() is not None:
        shell.display.display(result)
    else:
        print(result.text(), file=sys.stderr)
