"""One server with containers: what `make up` and its neighbours do. The host's modules need only Python and Docker."""
