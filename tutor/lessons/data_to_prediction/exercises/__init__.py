"""The exercises of the lesson, a module each."""
