"""What `graph.explain` knows and finds: `finding` is what it says, `evidence` what it knows, others look for causes.

`tape` (`ops`, `finite`), `saved` and `lines` gather evidence. `gradientless` (`flow`, `guess`, `leaves`), `inplace`,
`again`, `born_forward`, `born_backward`, `norms`, `cost`, `functions` and `messages` find one kind of cause each.
"""
