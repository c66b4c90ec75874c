"""The untrusted side: processes that hold submissions, and the wire to them.

`host` runs in the trusted process; `zygote`, `worker` and `lockdown` in the others.
"""
