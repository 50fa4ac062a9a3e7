"""The pages of sellers and managers."""
