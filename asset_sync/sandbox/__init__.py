"""Simulators of the outside systems over real HTTP, with a generated company in them."""
