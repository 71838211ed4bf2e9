"""Predictions: what the past suggests, how often that was wrong so far, and where it is refused.

The only home of scikit-learn and scipy. `predictions` and `outlook` need neither, so the web process can read
results without loading them; everything else here runs in a process of its own.
"""
