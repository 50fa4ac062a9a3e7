"""How it is deployed: images, manifests, units and proxies of `deploy/`."""
