"""Pictures and sound: where tracks come from, what is done with them, and how they are shown."""
