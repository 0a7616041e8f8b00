"""A small disk that can be full: a file system in memory, in a mount namespace that a process of its own keeps open."""

import errno
import subprocess
from pathlib import Path

from infra.local.processes import ProcessSupervisor
from tests.faults.mongods import Mongod

MEGABYTES = 500
NEW_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
MOUNT = 'mount -t tmpfs -o size="$1"m tmpfs "$0" && echo mounted && exec sleep infinity'
PIECE = bytes(1 << 20)


class CannotInject(Exception):
    """Raised when this machine does not let a fault be made; the message says why."""


class SmallDisk:
    """A folder that holds so many megabytes, seen by those processes alone that enter it."""

    def __init__(self, supervisor: ProcessSupervisor, folder: Path, megabytes: int) -> None:
        """Make the disk; raises CannotInject where this user may not."""
        folder.mkdir(parents=True)
        _try_to_mount(folder)
        keeper = supervisor.start("disk", [*NEW_NAMESPACE, "sh", "-c", MOUNT, str(folder), str(megabytes)])
        keeper.wait_until(lambda: "mounted" in keeper.log.read_text())
        pid = str(keeper.process.pid)
        self.enter = ("nsenter", "--preserve-credentials", "--user", "--mount", "--target", pid)
        self._ballast = Path(f"/proc/{pid}/root{folder}/ballast")

    def fill(self) -> None:
        """Leave no room at all."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while ballast.write(PIECE):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink()


def _try_to_mount(folder: Path) -> None:
    try:
        mount = [*NEW_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
        subprocess.run(mount, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else error
        raise CannotInject(f"this user cannot mount a small disk here ({reason})") from None


class MongodOnSmallDisk(Mongod):
    """A server whose data lies on a small disk, and that writes it out every second."""

    def __init__(self, supervisor: ProcessSupervisor, folder: Path) -> None:
        self.disk = SmallDisk(supervisor, folder, MEGABYTES)
        super().__init__(supervisor, folder, before=self.disk.enter, options=("--syncdelay", "1"))
