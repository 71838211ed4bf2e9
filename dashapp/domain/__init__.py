"""The vocabulary: events, people and places as typed tables at one moment. No input or output."""
