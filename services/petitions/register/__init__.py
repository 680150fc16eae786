"""The register 信访登记: what came in, from whom, and who may know of it."""
