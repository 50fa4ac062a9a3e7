"""A whole stack on a bare machine: environment, embedded servers, our processes. Standard library only."""
