"""What people and programs meet: pages, JSON, sign-in."""
