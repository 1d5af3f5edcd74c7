"""Programs that ran, made up for the tests of judges."""

from tutor.checking.observed import Looks, Observed
from tutor.checking.running import Recorder, Run


def observed(exercise, left, recorder=None, text=""):
    """What the judge of an exercise is given of a program that left such things behind."""
    run = Run(left, recorder or Recorder())
    return Observed(Looks(exercise.half, run, exercise.given(), None), run.recorder.training(), text, exercise.given())
