"""Every operator of a namespace, made and recorded in an old runtime, replayed in a new one, and judged."""
