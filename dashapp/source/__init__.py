"""Databases: documents in, typed and cleaned batches out."""
