"""The JSON API for programs: one table of operations, from which routes, checks and the OpenAPI document come."""
