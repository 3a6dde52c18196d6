"""Proving a fixture: replay, facts, verdict.

Five words, from what is measured to what is told:

- a *record* is the file beside a fixture: what was seen when it was made (`records`);
- *observations* are a worker's answers, checked for their form and for nothing else (`worker`);
- *facts* are what observations show: yes, no, unknown or not applicable, each with what it rests on (`facts`);
- *evidence* is all that a verdict looks at: the facts of every row of an entry (`verdicts`);
- a *result* is what is told of a fixture: its verdict, with the facts (`result`).
"""
