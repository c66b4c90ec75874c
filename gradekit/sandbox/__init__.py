"""The untrusted side: processes that hold submissions, and the wire to them.

`launch`, `process` and `host` run in the trusted process; what is in `inside` runs in the others.
"""
