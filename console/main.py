from console.migrate import migrate
import sys
def main():
    return migrate("head")
