"""Sessions of a client with a guarded server, in this process."""

import json
import os
import queue
import sys
import threading
from fractions import Fraction
from pathlib import Path

import mfmgame as mg
from mfmgame.authority.breaker.breaker_store import Terms
from mfmgame.authority.breaker.charges import Charges
from mfmgame.authority.guard.guard_proxy import GuardProxy
from mfmgame.authority.guard.line_pipes import read_lines, write_all
from scripted_server import CHOICES

SERVER = [sys.executable, "-S", str(Path(__file__).parent / "scripted_server.py")]
START = [
    {"id": 0, "method": "initialize", "params": {}},
    {"method": "notifications/initialized"},
]
POLICY = mg.Policy(schema="mfmgame/policy/1", other_tools="allow")


def breaker_of(tools, *, calls=10, policy=POLICY, store=None):
    """Build a breaker on which so many calls fit."""
    limit = Fraction(CHOICES**calls).numerator.bit_length()
    terms = Terms("sha256:" + "0" * 64, Charges(CHOICES, Fraction(limit)), "system", "plan", True)
    return mg.CircuitBreaker(mg.authorized_bits(tools, policy), terms, store)


def call(identity, name, **arguments):
    """Write a request to call a tool."""
    params = {"name": name, "arguments": arguments}
    return {"id": identity, "method": "tools/call", "params": params}


def line(message):
    """Write a message as a line."""
    return json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"


class Guarded:
    """A client of a guarded server: sends messages, and reads what comes back."""

    def __init__(self, *modes, command=None, start=True, count=breaker_of, **options):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        self.input, self.output = ours_in, ours_out
        self.said, self.status, self._lines = [], None, queue.Queue()
        self.breakers = []

        def counted(tools):
            self.breakers.append(count(tools))
            return self.breakers[-1]

        self.proxy = GuardProxy(
            [*(command or SERVER), *modes],
            counted,
            "s1",
            warn=self.said.append,
            handles=(theirs_in, theirs_out),
            **options,
        )

        def run():
            self.status = self.proxy.run()
            os.close(theirs_out)

        def read():
            for found in read_lines(self.input):
                self._lines.put(found)
            self._lines.put(None)

        self.threads = [threading.Thread(target=target, daemon=True) for target in (run, read)]
        for thread in self.threads:
            thread.start()
        if start:
            self.send(*START)
            assert self.answer()["id"] == 0

    def send(self, *messages):
        for message in messages:
            self.write(line(message))

    def write(self, data):
        write_all(self.output, data)

    def line(self, timeout=10):
        return self._lines.get(timeout=timeout)

    def answer(self, timeout=10):
        return json.loads(self.line(timeout))

    def text(self):
        return self.answer()["result"]["content"][0]["text"]

    def rest(self):
        lines = []
        while (found := self.line()) is not None:
            lines.append(found)
        return lines

    def end(self):
        if self.output is not None:
            os.close(self.output)
            self.output = None
        self.threads[0].join(10)
        return self.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        for breaker in self.breakers:
            breaker.close()
