"""The process that runs in a runtime, and what is believed of its answers.

`inside` is what runs there; this process imports none of it.
"""
