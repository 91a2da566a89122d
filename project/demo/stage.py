"""The demonstration from beginning to end."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from privacy.backups.services import reconcile
from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.hourly import run_hour
from privacy.core.registries import Status
from privacy.promises.ledger import Ledger
from privacy.promises.services import check_promises, load_profile
from privacy.retention.services import approve_night, run_night, sync_schedules
from project.demo import accepting, console, members, night, past, publishing, state
from project.demo.crew import Crew, Hand, ProcessDied
from project.sites import keep

ACTOR = Actor.command("demo")
#: What each site broke before the app came, and keeps after a night.
BROKEN_BEFORE = {
    "harvest": ("HTC-10-3", "HTC-10-4"),
    "harvestr": ("HVR-11-2", "HVR-11-4"),
    "coopt": ("CPT-9-3", "CPT-9-4"),
    "harmony": ("HMY-16-2",),
    "adsterra": ("ADS-1-2",),
}
WORKER = ("celery", "--app", "project", "worker", "--loglevel", "INFO", "--concurrency", "1")
QUIET_WORKER = ("--without-gossip", "--without-mingle", "--without-heartbeat")
BEAT = ("celery", "--app", "project", "beat", "--loglevel", "INFO", "--max-interval", "5", "--pidfile", "")


def play(*, site: str, serve: bool, host: str, port: int, profiles: Path) -> int:
    """Build the past, show the ledger, let a night come, show it again; then serve, or end.

    Args:
        site: name of the profile.
        serve: go on serving pages until Ctrl-C.
        profiles: directory of the profiles.

    Returns:
        0 when everything was as promised, else 1.
    """
    directory: Path = settings.VAR_DIR
    try:
        with state.owned(directory):
            state.clear(directory)
            before = _before(site, profiles)
            with Crew(directory / "logs", settings.BASE_DIR) as crew:
                after, sound = _night(crew)
                verdict = _verdict(site, before, after) and sound
                if serve:
                    _serve(crew, host, port)
            state.settle()
    except (state.StateInUse, night.NightMissed, ProcessDied, PrivacyError) as error:
        console.fault(str(error))
        return 1
    if not serve:
        console.say("  Everything is stopped.")
    return 0 if verdict else 1


def _before(site: str, profiles: Path) -> Ledger:
    console.heading("A co-op with a past")
    keep(settings.VAR_DIR, settings.SITE)
    call_command("migrate", verbosity=0, interactive=False)
    console.step("database", settings.DATABASES["default"]["ENGINE"].rpartition(".")[2])
    loaded = load_profile(path=profiles / f"{site}.toml", now=timezone.now(), actor=ACTOR)
    console.step("profile", f"{loaded.name} ({loaded.site}), {loaded.promises} promises")
    for line in publishing.policies(site=site, folder=profiles.parent / "policies", now=timezone.now()):
        console.step("published" if "scheduled" not in line else "written", line)
    started = time.monotonic()
    made = past.accounts(timezone.now())
    console.step(
        "members",
        f"{made.members}, with {made.rows:,} rows and {made.files} files ({time.monotonic() - started:.1f} s)",
    )
    console.step("closed by the co-op's own flag", f"{made.closed}, their rows all still there")
    console.step("suspended, which is not closed", str(made.suspended))
    console.step("acceptances of policies", str(accepting.acceptances(timezone.now())))
    console.step("members who said what may be done", str(members.answers(timezone.now())))
    console.step("members who refused something", str(members.refusals(timezone.now())))
    if left := members.leaving(timezone.now()):
        console.step("accounts closed by a letter", str(left))
    console.step("mails to members", str(members.mailings(timezone.now())))
    names = past.dumps(timezone.now())
    console.step("dumps made by django-dbbackup", str(len(names)))
    for name in names:
        console.say(f"      {name}")
    reconcile(now=timezone.now(), actor=ACTOR)
    sync_schedules(now=timezone.now(), actor=ACTOR)
    return _ledger("The promise ledger before")


def _night(crew: Crew) -> tuple[Ledger, bool]:
    console.heading("The first night only looks")
    preview = run_night(now=timezone.now(), actor=ACTOR)
    console.step("preview", preview.status)
    for line in preview.steps:
        if line.status == "previewed":
            console.did(line.name, "it would treat" if any(line.counts.values()) else "nothing to do", line.counts)
    approval = approve_night(now=timezone.now(), actor=ACTOR)
    console.step("confirmed", f"{approval.accounts} of {approval.total_accounts} accounts may go")

    console.heading("A night that beat sends")
    worker = crew.start("worker", [*WORKER, *QUIET_WORKER], ready=" ready.")
    since = timezone.now()
    with night.moved_to_the_next_minute() as minute:
        # Moved first: a change that comes while beat reads its schedule for the first time is lost on it.
        beat = crew.start("beat", BEAT, ready="beat: Starting")
        console.step("Celery worker and beat", settings.CELERY_BROKER_URL.partition(":")[0])
        console.step("the task's next time", f"{minute:%H:%M} {minute.tzname()}")
        run = night.watch(crew=crew, since=since, due=minute)
    by_beat = night.came_by_beat(run=run, beat=beat, worker=worker)
    took = f" in {run.took.total_seconds():.1f} s" if run.took else ""
    console.step("the night", f"{run.status}{took}, {'sent by beat' if by_beat else 'NOT sent by beat'}")
    # Beat sends the hour at the full hour; what was scheduled for tonight goes out now.
    run_hour(now=timezone.now(), actor=ACTOR)
    return _ledger("The promise ledger after"), by_beat and run.status == "done"


def _ledger(title: str) -> Ledger:
    ledger = check_promises(now=timezone.now(), actor=ACTOR)
    console.ledger(title, ledger.rows, ledger.counts)
    return ledger


def _verdict(site: str, before: Ledger, after: Ledger) -> bool:
    """Whether the ledgers are as the demonstration promises for this profile."""
    was = {row.code: row.status for row in before.rows}
    now = {row.code: row.status for row in after.rows}
    faults = []
    broken = [code for code, status in now.items() if status == Status.BROKEN]
    for code in BROKEN_BEFORE[site]:
        if was.get(code) != Status.BROKEN:
            faults.append(f"{code} was {was.get(code, 'missing')} before, and should have been broken")
        if now.get(code) != Status.KEPT:
            faults.append(f"{code} is {now.get(code, 'missing')} after, and should be kept")
    console.heading("What it comes to")
    mended = sorted(code for code, status in was.items() if status == Status.BROKEN and now.get(code) == Status.KEPT)
    console.say(f"  Broken before, kept after: {', '.join(mended) or 'nothing'}.")
    faults += [f"{code} is broken after the night" for code in broken]
    for fault in faults:
        console.fault(f"  {fault}.")
    return not faults


def _serve(crew: Crew, host: str, port: int) -> None:
    web = crew.start("web", ["django", "runserver", f"{host}:{port}", "--noreload"])
    address = f"http://{host}:{port}/"
    _answering(crew, web, address)
    console.heading("Serving")
    console.say(f"  {address}                    the co-op")
    console.say(f"  {address}account/privacy/    sign in as member / member")
    console.say(f"  {address}admin/              sign in as admin / admin")
    console.say("\n  Worker and beat go on running. Ctrl-C stops everything.")
    try:
        while True:
            crew.look_after()
            time.sleep(1)
    except KeyboardInterrupt:
        console.say("\n  Stopping web server, beat and worker …")


def _answering(crew: Crew, web: Hand, address: str) -> None:
    deadline = time.monotonic() + 40
    while True:
        crew.look_after()
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise ProcessDied(f"The web server did not answer:\n{web.tail()}") from None
            time.sleep(0.3)
