"""What dev.py runs for developers and operators of a trial: simulate, verify, eval, sql."""
