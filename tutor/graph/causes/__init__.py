"""What `graph.explain` knows and finds: `finding` is what it says, `evidence` what it knows, others look for causes.

`tape`, `saved` and `lines` gather evidence. Each of `gradientless`, `inplace`, `again`, `nonfinite`, `norms`, `cost`,
`functions` and `messages` finds one kind of cause in it, and none of them imports another.
"""
