"""Files that are dropped into a folder: what lies there, and which of it is new. Two syncs read such: exports, and hosts."""
