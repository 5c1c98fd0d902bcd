"""Tests of the clients, over real HTTP against the simulators."""
