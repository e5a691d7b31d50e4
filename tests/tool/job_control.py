#!/usr/bin/env python3
"""job_control.py HOLDFAST: stops, continues and interrupts a program in an interactive bash, on a
terminal of its own, and compares what bash says with what it says without the tool."""
import os
import pty
import re
import select
import sys
import time

PATIENCE = 20


class Shell:
    def __init__(self):
        self.seen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="READY> ", TERM="dumb", HISTFILE="/dev/null")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.until("READY> ")

    def until(self, pattern):
        """Answers what was printed up to the pattern."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.seen)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                sys.exit(f"waited in vain for {pattern!r} in {self.seen!r}")
            self.seen += os.read(self.terminal, 4096).decode(errors="replace")
        text, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return text

    def type(self, text):
        os.write(self.terminal, text.encode())


def session(prefix):
    """What bash answers: each step's number of the last status, or what it says of the job."""
    shell = Shell()
    answers = []
    started = f"{prefix} sh -c 'echo be''gun; exec sleep 60'\n"

    shell.type(started)
    shell.until("begun")
    shell.type("\x1a")  # control-Z
    answers.append(re.search(r"Stopped", shell.until("READY> ")) is not None)
    shell.type("fg\n")
    shell.until("sleep 60'")
    time.sleep(0.3)
    shell.type("\x03")  # control-C
    shell.until("READY> ")
    shell.type("echo status=$?\n")
    answers.append(shell.until(r"status=\d+"))
    shell.until("READY> ")

    shell.type(f"{prefix} bash --norc --noprofile --noediting -i\n")
    shell.until("READY> ")
    shell.type("suspend\n")  # stops itself, and nobody else
    answers.append(re.search(r"Stopped", shell.until("Stopped.*\n.*READY> ")) is not None)
    shell.type("fg\n")
    shell.until("bash --norc.*\n")
    shell.type("echo still$((1 + 1))\n")
    shell.until("still2")
    shell.type("exit 7\n")
    shell.until(r"exit\r?\n(?s:.*)READY> ")
    shell.type("echo status=$?\n")
    answers.append(shell.until(r"status=\d+"))
    shell.type("exit\n")
    os.close(shell.terminal)
    os.waitpid(shell.pid, 0)
    return [a if isinstance(a, bool) else a.split()[-1] for a in answers]


without = session("")
with_tool = session(f"{sys.argv[1]} run --quiet --")
if with_tool != without:
    sys.exit(f"with the tool {with_tool}, without {without}")
