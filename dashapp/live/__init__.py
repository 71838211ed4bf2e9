"""The live copy of the data: one thread keeps it current, everyone else reads snapshots."""
