"""The REST service: the same functions as the command line, over HTTP."""
