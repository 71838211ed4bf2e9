"""Every figure: a pure function of a snapshot seen through a scope."""
