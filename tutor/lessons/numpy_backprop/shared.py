"""What several exercises of lesson 01 share."""


def probe_net(d):
    """Inputs and weights of a network whose four sizes all differ."""
    n, d_in, h, d_out = d.sizes(4)
    return d.array(n, d_in), d.array(d_in, h), d.array(h, d_out)


def probe_thin_net(d):
    """A network with one output, and inputs so large that hidden values reach hundreds, as they do in training."""
    n, d_in, h = d.sizes(3)
    return 100 * d.array(n, d_in), d.array(d_in, h), d.array(h, 1)
