"""Never deployed: the simulated Kapso, benchmarks, evaluation, and the stack that dev.py runs."""
