"""What several exercises of lesson 03 share."""


def probe_net(d):
    """Inputs and weights of a network whose four sizes all differ."""
    n, d_in, h, d_out = d.sizes(4)
    return d.tensor(n, d_in), d.tensor(d_in, h), d.tensor(h, d_out)


def probe_thin_net(d):
    """A network with one output, and inputs so large that hidden values reach hundreds, as they do in training."""
    n, d_in, h = d.sizes(3)
    return 100 * d.tensor(n, d_in), d.tensor(d_in, h), d.tensor(h, 1)


def on_any_device(answer, *arguments):
    """Run the answer, and once more on another device: an answer that works on the CPU alone stops there."""
    result = answer(*arguments)
    try:
        answer(*(a.to("meta") for a in arguments))
    except Exception as error:  # numbers cannot be looked at there, which is no mistake
        if isinstance(error, TypeError) and "numpy" in str(error):
            raise
        if "on the expected device meta" in str(error):
            raise RuntimeError("it works on the CPU alone: on another device two tensors do not meet") from None
    return result
