"""The one error that is told to a person as a sentence, without a traceback."""


class TutorError(Exception):
    """Bad input or a circumstance that a person can mend; its text is one clear sentence."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]
