"""Tasks on a Dask cluster: one on this machine, made for the campaign, or one that exists."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from threading import current_thread, main_thread

from .records import Records
from .tasks import play

PATIENCE = 20
"""Seconds for a cluster to answer."""


class NoCluster(Exception):
    """There is no cluster to work on; says why, with the mend."""


@contextmanager
def cluster(scheduler: str | None, jobs: int) -> Iterator:
    """A client of the cluster at the address `scheduler`, or of one here with `jobs` processes. Raises NoCluster."""
    if find_spec("distributed") is None:
        raise NoCluster("a campaign needs the package distributed: pip install distributed")
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")  # of workers too: they tell of all that is given up
    from distributed import Client, LocalCluster
    if scheduler:
        try:
            client = Client(scheduler, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise NoCluster(f"--scheduler {scheduler}: {error or 'no answer'}; give its address, such as "
                            "tcp://host:8786") from None
        with client:
            yield client
        return
    with without_interrupts():
        local = LocalCluster(n_workers=jobs, threads_per_worker=1, processes=True, dashboard_address=":0")
    with local, Client(local) as client:
        yield client


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Processes that are started within leave an interrupt from the terminal to this one."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run(client, tasks: Iterator, records: Records, enough: Callable[[], bool],
        each: Callable[[dict], None] = lambda result: None) -> None:
    """Do those of `tasks` that are not in `records`, until there are no more, or `enough` says so.

    A few tasks more than there are workers are with the cluster at a time. What it lost with a worker it does again.
    """
    from distributed import as_completed
    todo = (task for task in tasks if not records.has(task))

    def some(count):
        # Keys of its own, so that no cluster remembers what another campaign asked of it.
        return [client.submit(play, task, pure=False) for task in islice(todo, count)]

    ahead = 2 * max(1, sum(client.nthreads().values()))
    waiting = as_completed(some(ahead), with_results=True)
    for _, result in waiting:
        records.add(result)
        each(result)
        for future in () if enough() else some(1):  # those that have begun are finished
            waiting.add(future)
