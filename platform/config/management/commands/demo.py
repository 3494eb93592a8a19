"""`manage.py demo`: the whole loop on this machine, with nothing to install."""

import signal
import time
import webbrowser
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.demo.console import Console
from config.demo.processes import Processes, port_is_free
from config.demo.story import SLUG, DemoFailed, Scale, ask, learn, prepare, results
from learning.services.jobs import jobs_release_all


class Command(BaseCommand):
    help = "Build the demo campaign, let a simulated crowd answer, train, select, and serve. Ctrl-C stops all of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exit", action="store_true", help="end with the results table instead of serving")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--people", type=int, default=Scale.people, help="made-up people, 25 expressions each")
        parser.add_argument("--iterations", type=int, default=Scale.iterations, help="of each training")
        parser.add_argument("--browser", action="store_true", help="open the page in a browser")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["exit"] and not port_is_free(options["port"]):
            raise CommandError(f"Port {options['port']} is taken; choose another one: make demo PORT=8001")
        for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background jobs are started deaf to SIGINT
            signal.signal(number, _interrupt)
        console, processes = Console(), Processes()
        scale = Scale(people=options["people"], iterations=options["iterations"])
        try:
            self._run(console, processes, scale, options)
        except KeyboardInterrupt:
            console.say("\nStopping …")
        except DemoFailed as error:
            raise CommandError(str(error)) from error
        finally:
            processes.stop()
            # Nothing runs any more: what was under way is free to go on at the next start, without waiting for leases.
            jobs_release_all()
        console.say("All of it has stopped; `make demo` goes on from here.")

    def _run(self, console: Console, processes: Processes, scale: Scale, options: dict[str, Any]) -> None:
        password = prepare(console, scale)
        url = f"http://127.0.0.1:{options['port']}"
        if password:
            console.say(f"  Sign in as admin, password {password} (shown only now).")
        jobs_release_all()
        processes.start_workers()
        if not options["exit"]:
            processes.start_web(options["port"])
            console.say(f"  Watch at {url}/")

        def alive() -> None:
            if (name := processes.dead()) is not None:
                raise DemoFailed(f"The {name} has stopped by itself; see {processes.log_of(name)}.")

        ask(console)
        learn(console, scale, alive)
        results(console)
        if not options["exit"]:
            console.say(f"Vote at   {url}/annotate/{SLUG}/")
            console.say(f"Watch at  {url}/campaigns/{SLUG}/")
            console.say("Ctrl-C stops everything.")
            if options["browser"]:
                webbrowser.open(f"{url}/annotate/{SLUG}/")
            while True:
                alive()
                time.sleep(1)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
