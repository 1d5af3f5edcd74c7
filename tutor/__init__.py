"""Learn how PyTorch works: exercises that say why an answer is wrong, and drawings of the autograd graph."""
