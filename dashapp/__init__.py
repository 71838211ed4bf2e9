"""Live Analytics: live sales figures for organisations that keep their data in MongoDB."""

VERSION = "0.1.0"
