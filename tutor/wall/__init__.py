"""Run code that nobody trusts behind a wall, and hear from it in plain data; this package knows no lesson.

`bubble` builds the wall with bubblewrap, `zygote` is started within and forks a process for each notebook, `inside` is
what such a process does, `shim` what its notebook talks to. `frames` are what comes back over a `line`, `pool` asks for
all of it, and `again` has changed answers run where they stand.
"""
