"""The command line. In reading order:

commands.py   train, encode, decode, show
terminal.py   how `show` draws pieces and merges
progress.py   the line that shows how far training is
arguments.py  types of arguments for argparse
console.py    how any of our command lines begins and ends: UTF-8, errors in one line, exit codes
"""
