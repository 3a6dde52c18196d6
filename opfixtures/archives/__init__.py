"""The archives that torch writes, read without torch: a format each, and what is altered in one.

All bytes are hostile here: nothing is unpickled, every size has a limit.
"""
