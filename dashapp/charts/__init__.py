"""Charts: what is shown, before and after it is drawn."""
