"""The functions that people and programs ask for."""
