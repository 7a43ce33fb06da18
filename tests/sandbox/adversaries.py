"""A corpus of programs that attack the sandbox, each with its expected outcome.

Most attempt an attack, catch the error and store the result in `output`, so that the expected
output is exact.
"""

import platform
import textwrap
from dataclasses import dataclass
from pathlib import Path

from caco.sandbox.protocol import Outcome

# Text of an honest program that an adversary searches for; split, so that it cannot find its own.
SECRET = ("the neighbour's ", "secret")

_INPUT = "input = {'a': 1}\n"
_ARM = platform.machine() == "aarch64"


@dataclass(frozen=True, slots=True)
class Adversary:
    """One attack.

    Attributes:
        name: The attack.
        program: The text of the program.
        outcomes: The permitted outcomes.
        detail: A part of the detail of the execution.
        output: The exact output as JSON text; None if there is none, or it is not compared.
    """

    name: str
    program: str
    outcomes: frozenset[Outcome]
    detail: str = ""
    output: str | None = None


def _ends(name: str, program: str, *outcomes: Outcome, detail: str = "") -> Adversary:
    """An attack that terminates its program."""
    return Adversary(name, program, frozenset(outcomes), detail)


def _ok(name: str, program: str, output: str) -> Adversary:
    """A program that runs to completion; `output` is JSON text."""
    text = _INPUT + textwrap.dedent(program)
    return Adversary(name, text, frozenset({Outcome.OK}), output=output)


def _tried(name: str, attack: str, got: str) -> Adversary:
    """An attack whose program outputs the error that it caught, or else the value of `got`."""
    body = textwrap.indent(textwrap.dedent(attack).strip(), "    ")
    program = f"""
import errno, os
input = {{'a': 1}}
got = 'done'
try:
{body}
except OSError as e:
    got = errno.errorcode.get(e.errno, type(e).__name__)
except Exception as e:
    got = type(e).__name__
output = got
"""
    output = got if got.startswith(("[", "{")) else f'"{got}"'
    return Adversary(name, program, frozenset({Outcome.OK}), output=output)


# System calls by number: on x86-64 and on arm64, which lacks some.
_NUMBERS = {
    "fork": (57, -1), "vfork": (58, -1), "clone": (56, 220), "clone3": (435, 435),
    "execveat": (322, 281), "unshare": (272, 97), "setns": (308, 268), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "fsopen": (430, 430), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "init_module": (175, 105),
    "finit_module": (313, 273), "kexec_load": (246, 104), "reboot": (169, 142),
    "swapon": (167, 224), "acct": (163, 89), "syslog": (103, 116), "quotactl": (179, 60),
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "capset": (126, 91), "sethostname": (170, 161), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "exit": (60, 93), "tgkill": (234, 131), "fanotify_init": (300, 262), "personality": (135, 92),
}  # fmt: skip

_CALL = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
numbers = { {name: both[_ARM] for name, both in _NUMBERS.items() if both[_ARM] > 0} }
def call(name, *arguments):
    arguments = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    done = libc.syscall(ctypes.c_long(numbers[name]), *arguments)
    if done < 0:
        raise OSError(ctypes.get_errno(), name)
    return done
"""


def _called(name: str, attack: str, got: str) -> Adversary:
    """An attack by system calls; `call` is defined for it."""
    return _tried(name, _CALL + textwrap.dedent(attack), got)


def _refused(name: str, *calls: str) -> Adversary:
    """System calls that must each fail with EPERM; `got` lists those that did not."""
    attack = f"""
got = []
for one in {calls!r}:
    if one.partition(',')[0].strip("'") not in numbers:
        continue
    try:
        got.append([one, eval('call(' + one + ')')])
    except OSError as e:
        if e.errno != errno.EPERM:
            got.append([one, errno.errorcode[e.errno]])
"""
    return _called(name, attack, "[]")


_SECOND_PROCESS: tuple[Adversary, ...] = (
    _tried("fork bomb", "while True: os.fork()", "EPERM"),
    _tried("daemonisation by fork", "if os.fork() == 0: os.setsid()", "EPERM"),
    _tried("pty fork", "os.forkpty()", "ENOENT"),
    _tried("spawn", "os.posix_spawn('/bin/sh', ['sh'], {})", "EPERM"),
    _tried("subprocess", "import subprocess, sys\nsubprocess.run([sys.executable])", "EPERM"),
    _tried("shell", "got = [os.system('sleep 60 &') != 0]", "[true]"),
    _tried("pipe to a shell", "os.popen('cat /etc/passwd').read()", "EPERM"),
    _tried(
        "multiprocessing",
        "import multiprocessing as m\nc = m.get_context('fork')\n"
        "[c.Process(target=print).start() for _ in range(99)]",
        "EPERM",
    ),
    _called("vfork of the C library", "got = [libc.vfork(), ctypes.get_errno()]", "[-1,1]"),
    _refused("raw forks", "'fork'", "'vfork'", "'clone', 17", "'clone', 0x4000 | 17", "'clone', 0"),
    _refused(
        "clone into namespaces", "'clone', 0x20000000 | 17", "'clone', 0x30000000 | 17",
        "'clone', 0x10000000 | 17", "'clone', 0x00020000 | 17", "'clone', 0x40000000 | 17",
        "'clone', 0x20000000 | 0x8000000 | 17",
    ),
    _called("clone3", "call('clone3', ctypes.create_string_buffer(88), 88)", "ENOSYS"),
    _tried("execve of a missing binary", "os.execv('/bin/sh', ['sh'])", "ENOENT"),
    _ends(
        "execve of Python",
        _INPUT + "import os, sys\noutput = 1\n"
        "os.execv(os.path.realpath(sys.executable), ['p', '-S', '-c', 'print(1)'])",
        Outcome.KILLED, detail="exited with status",
    ),
    _ends(
        "execve of a binary of its own",
        "import os\nwith open('/tmp/b', 'wb') as f: f.write(b'\\x7fELF' + bytes(200))\n"
        "os.chmod('/tmp/b', 0o755)\nos.execv('/tmp/b', ['b'])",
        Outcome.EXCEPTION, detail="Exec format error",
    ),
    _refused("execveat", "'execveat', 1, b'', 0, 0, 0x1000"),
)  # fmt: skip
if not _ARM:
    _CODE = _INPUT + (
        "import ctypes, mmap\n"
        "page = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(%r)\n"
        "at = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "output = ctypes.CFUNCTYPE(ctypes.c_int)(at)()\n"
    )
    _SECOND_PROCESS += (
        _ends(
            "fork by the 32-bit system call interface",
            _CODE % b"\xb8\x02\0\0\0\xcd\x80\xc3",
            Outcome.KILLED, detail="SIGSYS",
        ),
        _ends("an illegal instruction", _CODE % b"\x0f\x0b", Outcome.KILLED,
              detail="SIGILL"),
        _called("fork by the numbers of x32", "numbers['x'] = 1 << 30 | 57\ncall('x')", "ENOSYS"),
    )  # fmt: skip

_THREADS = (
    _tried(
        "thread bomb",
        "import threading\nheld = threading.Event()\n"
        "while True: threading.Thread(target=held.wait).start()",
        "RuntimeError",
    ),
    _ok(
        "a sleeping thread at exit",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
        "output = 1",
        "1",
    ),
    _ok(
        "a spinning daemon thread at exit",
        "import threading\n"
        "threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()\n"
        "output = 1",
        "1",
    ),
    _ends(
        "several spinning threads",
        "import hashlib, threading\n"
        "for _ in range(2): threading.Thread(\n"
        "  target=lambda: [hashlib.sha256(bytes(1 << 20)) for _ in iter(int, 1)]).start()\n"
        "threading.Event().wait()",
        Outcome.CPU_TIMEOUT,
    ),
    _ends(
        "the main thread exits while another spins",
        _INPUT + "import errno, os, threading\noutput = 1\n" + _CALL
        + "threading.Thread(target=lambda: all(iter(lambda: 1, 0))).start()\ncall('exit', 0)",
        Outcome.CPU_TIMEOUT,
    ),
    _ends("a deadlock", "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()",
          Outcome.WALL_TIMEOUT),
)  # fmt: skip

_MEMORY = (
    *(
        _ends(f"memory bomb of {what}", program, Outcome.OUT_OF_MEMORY)
        for what, program in {
            "a list": "held = []\nwhile True: held.append([0] * 100_000)",
            "bytes": "held = b'x'\nwhile True: held += held",
            "text": "held = '\\U0001f40d' * 10 ** 9",
            "a dict": "held = {}\nwhile True: held[len(held)] = bytes(10_000)",
            "an integer": "held = 1 << 10 ** 10",
            "NumPy": "import numpy\nheld = numpy.ones(10 ** 9)",
            "a generator": "import itertools\nheld = list(itertools.repeat(0))",
            "a repeated allocation": "while True:\n  try: held = [held] * 10 ** 7\n"
            "  except NameError: held = 0",
            "an exception's text": "raise ValueError('x' * 10 ** 9)",
        }.items()
    ),
    _tried(
        "private mappings",
        "import mmap\nheld = []\nwhile True: held.append(mmap.mmap(-1, 1 << 24, mmap.MAP_PRIVATE))",
        "ENOMEM",
    ),
    _tried(
        "shared mappings",
        "import mmap\nheld = []\nwhile True: held.append(mmap.mmap(-1, 1 << 24))",
        "ENOMEM",
    ),
    _tried("malloc", "import ctypes\nm = ctypes.CDLL(None).malloc\nm.restype = ctypes.c_void_p\n"
           "got = [m(ctypes.c_size_t(1 << 32))]", "[null]"),
    _refused("memory behind a file descriptor", "'memfd_create', b'x', 0", "'memfd_secret', 0"),
    _ok(
        "repeatedly caught memory errors",
        "for _ in range(200):\n  try: bytearray(1 << 40)\n  except MemoryError: pass\noutput = 1",
        "1",
    ),
    _ok(
        "full pipes",
        """
        import fcntl, os
        try:
            while True:
                reader, writer = os.pipe()
                os.set_blocking(writer, False)
                fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)
                os.write(writer, bytes(1 << 20))
        except OSError:
            output = 1
        """,
        "1",
    ),
)  # fmt: skip

_CPU = (
    *(_ends(what, program, Outcome.CPU_TIMEOUT, detail=" s of CPU time")
    for what, program in {
        "a loop in C without signal checks": "10 ** 10 ** 9",
        "an endless sum": "sum(range(10 ** 12))",
        "catastrophic backtracking": "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
        "a loop with every signal blocked": "import signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
        "swallowed exceptions": "while True:\n  try:\n    while True: pass\n"
        "  except BaseException: pass",
        "endless printing": "while True: print('x' * 1000)",
        "patched clocks": "import time\n"
        "time.time = time.monotonic = time.process_time = lambda: 0.0\n"
        "while time.time() < 1: pass",
    }.items()),
    _ends(
        "an exception with an endless __str__",
        "class E(Exception):\n  def __str__(self):\n    while True: pass\nraise E",
        Outcome.CPU_TIMEOUT,
    ),
    _ends(
        "an object with an endless destructor",
        _INPUT + "import functools, itertools, sys\n"
        "kept = {'__del__': functools.partial(sum, itertools.count())}\n"
        "held = type('D', (), kept)()\noutput = 1\ndel sys.modules['__main__']",
        Outcome.CPU_TIMEOUT,
    ),
    _ends("sleep", "import time\ntime.sleep(60)", Outcome.WALL_TIMEOUT,
          detail=" s of wall time"),
)  # fmt: skip

_SIGNALS = (
    _tried("kill of every process", "os.kill(-1, 9)", "ESRCH"),
    _tried("kill of its process group", "os.kill(0, 9)", "done"),
    _tried("kill of process 1", "os.kill(1, 9)", "done"),
    _tried("kill of its parent", "got = [os.getppid()]\nos.kill(os.getppid(), 9)", "[0]"),
    _tried("kill of another process group", "os.killpg(2, 9)", "ESRCH"),
    _tried(
        "kill of every process id",
        """
        got = []
        for pid in [*range(2, 5000), 1 << 15, 1 << 22]:
            try:
                os.kill(pid, 9)
                got.append(pid)
            except ProcessLookupError:
                pass
        """,
        "[]",
    ),
    *(
        _tried(f"{name} to itself", f"import signal\nos.kill(os.getpid(), signal.{name})", "done")
        for name in ("SIGKILL", "SIGSTOP", "SIGSEGV", "SIGTERM", "SIGXCPU")
    ),
    _called("a signal to its own thread", "call('tgkill', os.getpid(), os.getpid(), 9)", "done"),
    _ends("abort", "import os\nos.abort()", Outcome.KILLED, detail="killed by SIG"),
    _refused("signals that appear to come from the kernel", "'rt_sigqueueinfo', 1, 9, 0",
             "'rt_sigqueueinfo', 1, 19, 0", "'rt_tgsigqueueinfo', 1, 1, 9, 0"),
    _ends("a null pointer", "import ctypes\nctypes.string_at(0)", Outcome.KILLED, detail="SIGSEGV"),
    _ends(
        "a bus error",
        "import mmap\nf = open('/tmp/x', 'w+b')\nf.truncate(4096)\n"
        "held = mmap.mmap(f.fileno(), 4096)\nf.truncate(0)\nheld[0]",
        Outcome.KILLED, detail="SIGBUS",
    ),
    _ends(
        "a stack overflow in C",
        "import ctypes\nf = ctypes.CFUNCTYPE(None)\n"
        "def g(): h()\nh = f(g)\nimport sys\nsys.setrecursionlimit(10 ** 9)\nh()",
        Outcome.KILLED, Outcome.EXCEPTION, Outcome.OK, Outcome.NO_OUTPUT, Outcome.OUT_OF_MEMORY,
    ),
    _ends(
        "an alarm after the program's last line",
        _INPUT + """
import signal, time
class Late(Exception): pass
class Slow(list):
    def __iter__(self):
        time.sleep(2)
def ring(*_): raise Late
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.2)
output = Slow([1])
""",
        Outcome.NOT_SERIALISABLE, detail="Late",
    ),
    _ok(
        "alarms without a handler",
        "import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
        "time.sleep(0.05)\noutput = 1",
        "1",
    ),
    _ok(
        "alarms that raise while its results are read",
        """
        import signal, sys
        def ring(*_): raise SystemExit
        signal.signal(signal.SIGUSR1, ring)
        class Text(str):
            def __str__(self): signal.raise_signal(signal.SIGUSR1)
            __repr__ = __format__ = encode = __str__
        output = Text('a')
        """,
        '"a"',
    ),
)  # fmt: skip

_OTHERS = (
    _refused("tracing", "'ptrace', 0, 0, 0, 0", "'ptrace', 16, 1, 0, 0",
             "'ptrace', 0x4206, 2, 0, 0"),
    _refused(
        "memory of another process", "'process_vm_readv', 1, 0, 0, 0, 0, 0",
        "'process_vm_writev', 1, 0, 0, 0, 0, 0", "'kcmp', 1, 1, 0, 0, 0",
    ),
    _refused("pidfd", "'pidfd_open', 1, 0", "'pidfd_getfd', 0, 0, 0",
             "'pidfd_send_signal', 0, 9, 0, 0"),
    _tried("/proc of its parent", "open('/proc/1/mem')", "ENOENT"),
    _tried("/proc of itself", "os.listdir('/proc/self/fd')", "ENOENT"),
    _tried("/proc mounted anew", "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\n"
           "os.mkdir('/tmp/p')\nl.mount(b'proc', b'/tmp/p', b'proc', 0, None)\n"
           "got = errno.errorcode[ctypes.get_errno()]", "EPERM"),
    _ok(
        "frames of its callers",
        """
        import sys
        frame = sys._getframe().f_back
        while frame:
            held = frame.f_locals.get('self')
            for name in ('_record', '_limit', '_received', '_output_bytes'):
                try:
                    getattr(held, name)[:8] = b'\\xff' * 8
                except (AttributeError, TypeError, ValueError):
                    pass
            try:
                held._send(b'D', b'forged' * 99)
            except Exception:
                pass
            frame = frame.f_back
        output = 'mine'
        """,
        '"mine"',
    ),
    _ok("modules of the sandbox",
        "import sys\noutput = [name for name in sys.modules if 'caco' in name]", "[]"),
    _ok(
        "objects of the sandbox",
        "import gc\noutput = [type(o).__name__ for o in gc.get_objects()\n"
        "  if type(o).__module__.startswith('caco')]",
        '["CapturedStdout"]',  # its own standard output
    ),
    _tried("the channel", "import socket\nfor i in range(64):\n"
           "  try: socket.socket(fileno=i)\n  except OSError as e:\n"
           "    if e.errno not in (errno.ENOTSOCK, errno.EBADF): raise", "done"),
    _refused("keys", "'add_key', b'user', b'x', b'y', 1, -3",
             "'request_key', b'user', b'x', 0, -3",
             "'keyctl', 0, -3, 1"),
    _refused("system calls with a large attack surface",
             "'io_uring_setup', 1, ctypes.create_string_buffer(120)",
             "'bpf', 0, ctypes.create_string_buffer(128), 128",
             "'perf_event_open', ctypes.create_string_buffer(128), 0, -1, -1, 0",
             "'userfaultfd', 0", "'userfaultfd', 1", "'personality', 0x0040000"),
    _refused("control of the kernel", "'init_module', 0, 0, b''", "'finit_module', 1, b'', 0",
             "'kexec_load', 0, 0, 0, 0", "'reboot', 0xfee1dead, 0x28121969, 0x1234567, 0",
             "'swapon', b'/tmp', 0", "'acct', b'/tmp/x'", "'syslog', 3, 0, 0",
             "'quotactl', 0, 0, 0, 0",
             "'sethostname', b'x', 1"),
)  # fmt: skip

_FAMILIES = {
    "Unix": 1, "IPv4": 2, "IPv6": 10, "netlink": 16, "packet": 17, "algorithms": 38, "VSOCK": 40,
    "XDP": 44,
}  # fmt: skip

_NETWORK = (
    *(
        _tried(f"{name} socket", f"import socket\nsocket.socket({number}, {kind})", "EPERM")
        for name, number in _FAMILIES.items()
        for kind in [3 if name == "packet" else 5 if name == "algorithms" else 1]
    ),
    _tried("a pair of sockets", "import socket\nsocket.socketpair()", "EPERM"),
    _tried("a connection",
           "import socket\nsocket.create_connection(('127.0.0.1', 22), 1)", "EPERM"),
    _tried(
        "name resolution", "import socket\ntry: socket.getaddrinfo('example.org', 80)\n"
        "except socket.gaierror: got = 'no name'", "no name",
    ),
    _tried("HTTP", "import urllib.request as u\ntry: u.urlopen('http://192.0.2.1/', timeout=1)\n"
           "except u.URLError: got = 'nothing'", "nothing"),
    _refused("shared memory, semaphores and queues", "'shmget', 1, 4096, 0o1777",
             "'semget', 1, 1, 0o1777", "'msgget', 1, 0o1777", "'mq_open', b'x', 66, 0o666, 0"),
    _tried("a named semaphore",
           "import multiprocessing\nmultiprocessing.get_context('fork').Lock()",
           "ENOENT"),
)  # fmt: skip

_FILES = (
    *(
        _tried(f"the host's {path}", f"open({path!r}).read()", "ENOENT")
        for path in ("/etc/passwd", "/etc/shadow", "/proc/self/environ", "/proc/kallsyms",
                     "/sys/kernel/notes", "/dev/mem", "/dev/null", "/dev/shm/x", "/var/log/syslog",
                     str(Path("~/.profile").expanduser()), str(Path(__file__).resolve()))
    ),
    _tried("the working tree by a relative path",
           f"open('/tmp/../../../..' + {str(Path(__file__).resolve())!r})", "ENOENT"),
    _tried("a link to the host's files", "os.symlink('/etc/passwd', '/tmp/l')\nopen('/tmp/l')",
           "ENOENT"),
    _tried("a hard link to a library", "os.link(os.__file__, '/tmp/l')", "EXDEV"),
    _tried("a replaced library", "os.replace('/lib', '/tmp/l')", "EXDEV"),
    _tried("/tmp removed", "try: os.rmdir('/tmp')\n"
           "except OSError as e: got = e.errno in (errno.EBUSY, errno.EROFS, errno.EACCES)\n"
           "got = [got]", "[true]"),
    _tried(
        "writable folders",
        "got = []\n"
        "guest, library = '/jail/caco/sandbox/guest', os.path.dirname(os.__file__)\n"
        "for top in ('/', '/lib', '/usr', '/jail', guest, library):\n"
        "  for d in [top, *(e.path for e in os.scandir(top) if e.is_dir())]:\n"
        "    try: open(d + '/written', 'w').close()\n"
        "    except OSError: continue\n"
        "    got.append(d)",
        '["/tmp"]',
    ),
    _tried("a new device node", "import stat\nos.mknod('/tmp/m', 0o666 | stat.S_IFCHR, 0x101)",
           "EPERM"),
    _refused("mounts", "'mount', b'/', b'/tmp', b'', 4096, 0", "'mount', b'', b'/', b'', 32, 0",
             "'umount2', b'/tmp', 2", "'pivot_root', b'/tmp', b'/tmp'", "'chroot', b'/tmp'",
             "'open_tree', -100, b'/', 1", "'fsopen', b'tmpfs', 0",
             "'mount_setattr', -100, b'/', 0, ctypes.create_string_buffer(32), 32"),
    _refused("file handles", "'name_to_handle_at', -100, b'/', ctypes.create_string_buffer(99), "
             "ctypes.create_string_buffer(9), 0", "'open_by_handle_at', 1, b'x' * 99, 0",
             "'fanotify_init', 0, 0"),
    _tried("a full /tmp", "import itertools\nfor i in itertools.count():\n"
           "  open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))", "ENOSPC"),
    _tried("a file over its limit", "f = open('/tmp/x', 'wb', 0)\nf.seek(1 << 40)\nf.write(b'x')",
           "EFBIG"),
    _tried("a sparse file", "os.truncate(os.open('/tmp/x', 66), 1 << 40)", "EFBIG"),
    _tried("every inode", "for i in range(10 ** 5): open(f'/tmp/{i}', 'w').close()", "ENOSPC"),
    _tried("every descriptor", "held = []\nwhile True: held.append(os.dup(1))", "EMFILE"),
    _tried(
        "endlessly nested folders",
        "os.chdir('/tmp')\nwhile True:\n  os.mkdir('d')\n  os.chdir('d')", "ENOSPC",
    ),
    _tried(
        "files, folders, fifos and links left in /tmp",
        "os.makedirs('/tmp/a/b/c')\nos.mkfifo('/tmp/f')\nos.symlink('/tmp', '/tmp/a/self')\n"
        "open('/tmp/a/b/x', 'w').write('left')\nos.chmod('/tmp/a', 0)\nos.utime('/tmp', (0, 0))",
        "done",
    ),
    _tried("/tmp without permissions", "os.chmod('/tmp', 0)", "done"),
    _tried("extended attributes of /tmp", "os.setxattr('/tmp', 'user.note', b'left')", "done"),
    _tried("a file without a name", "f = os.open('/tmp', os.O_TMPFILE | os.O_RDWR)\n"
           "os.write(f, b'left')", "done"),
    _ok("the environment", "import os\noutput = [n for n in os.environ if n not in (\n"
        "  'HOME', 'LC_CTYPE', 'PYTHONHASHSEED', 'OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS',\n"
        "  'LD_BIND_NOW')]",
        "[]"),
)  # fmt: skip

_PRIVILEGES = (
    *(
        _tried(name, f"import resource\n{attack}", got)
        for name, attack, got in (
            ("user 0", "os.setuid(0)", "EINVAL"),
            ("group 0", "os.setgid(0)", "EINVAL"),
            ("other groups", "os.setgroups([0])", "EPERM"),
            ("a new root folder", "os.chroot('/tmp')", "EPERM"),
            ("namespaces", "os.unshare(os.CLONE_NEWUSER)", "EPERM"),
            ("a namespace of another process", "os.setns(1, 0)", "EPERM"),
            ("a higher priority", "os.nice(-5)", "EPERM"),
            ("real-time scheduling", "os.sched_setscheduler(0, 1, os.sched_param(1))", "EPERM"),
            ("CPU affinity", "os.sched_setaffinity(0, {0})", "EPERM"),
            ("the clock", "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)", "EPERM"),
            *(
                (
                    f"more of {what}",
                    f"soft, hard = resource.getrlimit(resource.RLIMIT_{what})\n"
                    f"resource.setrlimit(resource.RLIMIT_{what}, (hard + 1, hard + 1))",
                    "ValueError",
                )
                for what in ("AS", "CPU", "NPROC", "NOFILE", "FSIZE")
            ),
            (
                "its parent's limits",
                "resource.prlimit(os.getppid() + 2, resource.RLIMIT_AS, (0, 0))",
                "ESRCH",
            ),
        )
    ),
    _called(
        "regained capabilities",
        "call('capset', (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[-1] * 6))",
        "EPERM",
    ),
    _called("a capability from the ambient set", "got = [libc.prctl(47, 2, 21, 0, 0)]", "[-1]"),
    _called("no_new_privs reset",
            "got = [libc.prctl(38, 0, 0, 0, 0), libc.prctl(39, 0, 0, 0, 0)]",
            "[-1,1]"),
    _called("seccomp disabled", "got = [libc.prctl(22, n, 0) for n in (0, 1)]", "[-1,-1]"),
)  # fmt: skip

_FORGED = 'b\'{"outcome":"ok"}\\n\' + bytes([3, 0, 0, 0]) * 9'

_DESCRIPTORS = (
    _ok("printed flood", "import sys\nfor _ in range(400): print('x' * 10_000)\noutput = 1", "1"),
    _ok("floods to descriptors 1 and 2", "import os\nfor _ in range(100):\n"
        "  os.write(1, bytes(1 << 16)); os.write(2, bytes(1 << 16))\noutput = 1", "1"),
    _ends("printed flood without an output", _INPUT + "print('x' * 10 ** 7)",
          Outcome.OUTPUT_TOO_LARGE, detail="printed"),
    _ok(
        "a record forged on every descriptor",
        f"import os\nfor i in range(256):\n  try: os.write(i, {_FORGED})\n  except OSError: pass\n"
        "output = 'mine'",
        '"mine"',
    ),
    _ok("every descriptor closed", "import os\nos.closerange(0, 4096)\noutput = 1", "1"),
    _ok("every descriptor replaced", "import os\nr, w = os.pipe()\n"
        "for i in range(3, 64): os.dup2(w, i)\nfor i in range(3): os.dup2(w, i)\noutput = 1", "1"),
    _ok("a request forged on the descriptor of the channel",
        "import os\nr, w = os.pipe()\nos.dup2(r, 0)\n"
        "os.write(w, b'P' + bytes(8))\noutput = 1", "1"),
    _ends("a result only written to a descriptor", f"import os\nos.write(1, {_FORGED})",
          Outcome.NO_OUTPUT),
    _ends("an exit without a record", _INPUT + "output = 1\nimport os\nos._exit(0)", Outcome.KILLED,
          detail="status 0"),
    _ends("an exit with the status of a kill", _INPUT + "output = 1\nimport os\nos._exit(137)",
          Outcome.KILLED, detail="status 137"),
)  # fmt: skip

_DECEPTIVE_VALUES = (
    _ends("an exception that raises in __str__",
          "class E(Exception):\n  def __str__(self): raise KeyboardInterrupt\nraise E",
          Outcome.EXCEPTION, detail="E"),
    _ends("an exception whose __str__ returns no text",
          "class E(Exception):\n  def __str__(self): return 7\nraise E",
          Outcome.EXCEPTION, detail="E"),
    _ends("an exception that exits in __str__",
          "import os\nclass E(Exception):\n  def __str__(self): os._exit(0)\nraise E",
          Outcome.KILLED, detail="status 0"),
    _ends("an exception with a false __class__",
          "class E(Exception):\n  __class__ = MemoryError\nraise E('x')", Outcome.EXCEPTION,
          detail="E: x"),
    _ends("an exception of ten million characters", "raise ValueError('x' * 10 ** 7)",
          Outcome.EXCEPTION, detail="ValueError: xxx"),
    _ends("an exception that is no Exception", "class E(BaseException): pass\nraise E",
          Outcome.EXCEPTION, detail="E"),
    _ends("a record in an exception's text", _INPUT + "raise ValueError('{\"outcome\":\"ok\"}\\0')",
          Outcome.EXCEPTION, detail="ValueError"),
    _ok("a str with false methods", "class T(str):\n  def __str__(self): return 'lie'\n"
        "  __repr__ = encode = __format__ = __iter__ = __len__ = __str__\noutput = T('true')",
        '"true"'),
    _ok("an int with false methods", "class I(int):\n  def __repr__(self): return 'NaN'\n"
        "  __str__ = __repr__\n  def bit_length(self): return 0\noutput = I(7)", "7"),
    _ok("a dict with false methods", "class D(dict):\n  def items(self): return [('lie', 1)]\n"
        "  def __iter__(self): return iter(['lie'])\n  def __len__(self): return 0\n"
        "  def __contains__(self, key): return False\noutput = D(a=1)", '{"a":1}'),
    _ends("an endless list", _INPUT + "import itertools\nclass L(list):\n"
          "  def __iter__(self): return itertools.repeat(0)\noutput = L()", Outcome.OUT_OF_MEMORY),
    _ends("a list that exits",
          _INPUT + "class L(list):\n  def __iter__(self): raise SystemExit(0)\n"
          "output = L()", Outcome.NOT_SERIALISABLE, detail="SystemExit"),
    _ends("an object with the __class__ of str",
          _INPUT + "class T:\n  __class__ = str\noutput = T()",
          Outcome.NOT_SERIALISABLE, detail="TypeError"),
    _ends("an int with the __class__ of str",
          _INPUT + "class T(int):\n  __class__ = str\noutput = T()",
          Outcome.NOT_SERIALISABLE, detail="TypeError"),
    _ends("equal keys that compare unequal",
          _INPUT + "class K(str):\n  __hash__ = object.__hash__\n"
          "  def __eq__(self, other): return self is other\noutput = {K('a'): 1, K('a'): 2}",
          Outcome.NOT_SERIALISABLE, detail="two keys"),
    _ends("an object with the __module__ of NumPy", _INPUT + "def grow(n):\n"
          "  return type('A', (), {'__module__': 'numpy', 'tolist': lambda self: grow(n + 1)})()\n"
          "output = grow(0)", Outcome.NOT_SERIALISABLE, detail="nested"),
    _ends("an object that has every attribute", _INPUT + "class A:\n"
          "  def __getattr__(self, name): return self\n  def __call__(self, *_): return self\n"
          "output = A()", Outcome.NOT_SERIALISABLE, detail="A"),
    _ends("an object with a malicious __reduce__", _INPUT + "import os\nclass A:\n"
          "  def __reduce__(self): return os._exit, (0,)\noutput = A()", Outcome.NOT_SERIALISABLE),
    _ends("a lone surrogate", _INPUT + "output = {'\\udcff': 1}", Outcome.NOT_SERIALISABLE,
          detail="surrogate"),
    _ends("a printed lone surrogate", _INPUT + "print('\\ud800')", Outcome.EXCEPTION,
          detail="UnicodeEncodeError"),
    _ends("a lone surrogate in the program text",
          _INPUT + "output = '\udcff'", Outcome.SYNTAX_ERROR),
    _ok("printed bytes that are not UTF-8", "import sys\nsys.stdout.buffer.write(b'caf\\xe9')",
        '"caf"'),
    _ok("a null character", "output = 'a\\0b'", '"a\\u0000b"'),
    _ok("negative zero", "output = -0.0", "-0.0"),
    _ends("infinity in a list",
          _INPUT + "output = [1e400]", Outcome.NOT_SERIALISABLE, detail="inf"),
    _ends("NaN of NumPy", "import numpy\n" + _INPUT + "output = numpy.array([numpy.nan])",
          Outcome.NOT_SERIALISABLE, detail="nan"),
    _ends("an integer of a million digits", _INPUT + "output = 1 << 3_300_000",
          Outcome.OUTPUT_TOO_LARGE),
    _ends("an integer of many digits, printed", _INPUT + "print(1 << 1_000_000)",
          Outcome.OUTPUT_TOO_LARGE),
    _ends("a small graph with a large JSON text",
          _INPUT + "output = [0]\nfor _ in range(60): output = [output, output]",
          Outcome.OUTPUT_TOO_LARGE),
    _ends("a list that contains itself", _INPUT + "output = []\noutput.append(output)",
          Outcome.NOT_SERIALISABLE, detail="nested"),
)  # fmt: skip

_PATCHED = (
    *(
        _ok(
            f"patched {what}",
            f"import atexit, builtins, json, os, signal, sys\n{patch}\noutput = 1",
            "1",
        )
        for what, patch in {
            "json": "json.dumps = json.loads = json.JSONEncoder = None",
            "exits": "os._exit = sys.exit = os.abort = lambda *_: None",
            "system calls":
            "for name in ('write', 'dup2', 'setsid', 'kill'): setattr(os, name, None)",
            "modules": "sys.modules.clear()\nsys.path.clear()\nsys.meta_path.clear()",
            "open and print": "builtins.open = builtins.print = builtins.input = None",
            "hooks": "sys.excepthook = sys.unraisablehook = sys.displayhook = None",
            "output": "import io\nsys.stdout = io.StringIO()",
            "errors": "sys.stderr = sys.stdin = sys.__stdout__ = None",
            "exit functions": "atexit.register(lambda: [0 for _ in iter(int, 1)])\n"
            "atexit.register(os._exit, 3)",
            "tracing": "sys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)",
            "names of its own": "len = isinstance = sorted = str = __name__ = None\ndel json, os",
            "collection": "import gc\ngc.disable()\ngc.set_threshold(1)\ngc.freeze()",
        }.items()
    ),
    _ok("patched imports",
        "import builtins\nbuiltins.__import__ = None\noutput = 1",
        "1"),
    *(
        _ok(f"patched {what}", f"import builtins, sys\noutput = {{'b': 1, 'a': [2]}}\n{patch}",
            '{"a":[2],"b":1}')
        for what, patch in (
            ("isinstance", "builtins.isinstance = lambda *_: True"),
            ("lengths", "builtins.len = lambda _: 0"),
            ("sorting", "builtins.sorted = list"),
            ("builtins, all of them", "builtins.__dict__.clear()"),
        )
    ),
    _ends("tracing that raises", _INPUT + "import sys\noutput = 1\nsys.settrace(lambda *_: 1 / 0)",
          Outcome.KILLED, Outcome.EXCEPTION),
    _ends("deep recursion", "import sys\nsys.setrecursionlimit(10 ** 9)\n"
          "def f(held): f(bytes(10 ** 5))\nf(0)", Outcome.OUT_OF_MEMORY, Outcome.EXCEPTION),
    _ends("deep recursion in C", "held = []\nfor _ in range(10 ** 5): held = [held]\nrepr(held)",
          Outcome.EXCEPTION, detail="RecursionError"),
    _ends("a program with too deep nesting", "a = " + "(" * 5000 + ")" * 5000, Outcome.SYNTAX_ERROR,
          detail="nested"),
    _ends("a program with a too deep syntax tree", "import os\na = 1" + "+1" * 50_000,
          Outcome.SYNTAX_ERROR, detail="RecursionError"),
    _tried("a tree too deep for eval", "eval('-' * 10 ** 6 + '1')", "MemoryError"),
    _tried("nesting too deep for compile", "compile('[' * 10 ** 6, '', 'exec')", "SyntaxError"),
    _ends("a literal of a hundred thousand digits", _INPUT + "output = " + "9" * 100_000,
          Outcome.OUTPUT_TOO_LARGE),
    _ok("code that changes itself", "def f(): return 1\n"
        "f.__code__ = f.__code__.replace(co_consts=(None, 99))\noutput = f()", "99"),
    _ok(
        "a changed value of 200",
        "import ctypes, sys\nsize = sys.getsizeof(200)\n"
        "ctypes.memmove(id(200), ctypes.string_at(id(7), size), size)\noutput = 200",
        "7",
    ),
    _ends("None with a null type pointer", "import ctypes\nctypes.memset(id(None), 0, 16)\nNone.a",
          Outcome.KILLED, detail="SIGSEGV"),
)  # fmt: skip

_FRAMES = """
import os, struct, sys
frame = sys._getframe()
while frame and frame.f_code.co_name != '_run_child':
    frame = frame.f_back
parent = frame.f_locals['self']
"""


def _record(output: str) -> str:
    """A program that writes its record itself and exits."""
    texts = [b"ok", b"", b"{}", output.encode(), b""]
    return (
        f"{_FRAMES}texts = {texts!r}\n"
        "record = struct.pack('<5I', *map(len, texts)) + b''.join(texts)\n"
        "parent._record[:len(record)] = record\nos._exit(0)"
    )


_PARENT_STATE = (
    _ends("a CPU limit of its own", "import resource\n"
          "resource.setrlimit(resource.RLIMIT_CPU, (0, 0))\nwhile True: pass",
          Outcome.EXCEPTION, detail="ValueError"),
    _tried("a file left in the working folder", "open('left', 'w').write('left')", "done"),
    _tried("the working folder", "got = [os.getcwd()]", '["/tmp"]'),
    _tried("a lock on /dev/null", "import fcntl\nfcntl.flock(1, fcntl.LOCK_EX)", "EPERM"),
    _tried("a lock on the open file of /dev/null", "import fcntl, struct\n"
           "fcntl.fcntl(1, 37, struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 0, 0, 0))", "EPERM"),
    _ok(
        "texts and results of other programs",
        _FRAMES + f"""
seen = [bytes(parent._record)]
while frame:
    held = [*frame.f_locals.values(), *vars(parent).values(), *frame.f_globals.values()]
    seen += [bytes(h) for h in held if isinstance(h, (bytes, bytearray, memoryview))]
    frame = frame.f_back
output = any({SECRET[0]!r} + {SECRET[1]!r} in text.decode('latin-1') for text in seen)
""",
        "false",
    ),
    *(
        _ends(f"a record of {what}", _record(output), Outcome.KILLED, detail="status 0")
        for what, output in (
            ("infinity", "1e999"), ("a lone surrogate", '"\\ud800"'),
            ("too much", "1" * 50_000), ("two equal keys", '{"a": 1, "a": 2}'),
            ("infinity next to a long integer", f"[1e999,{'1' * 5000}]"),
        )
    ),
    _ends("an exception with a deceptive metaclass",
          "class M(type):\n  __module__ = property(lambda self: 1 / 0)\n"
          "class E(Exception, metaclass=M): pass\nraise E", Outcome.EXCEPTION, detail="E"),
    _ends("an exception whose text raises when it is formatted",
          "class T(str):\n  def __format__(self, how): raise ValueError\n"
          "class E(Exception):\n  def __str__(self): return T('x')\nraise E", Outcome.EXCEPTION,
          detail="E: x"),
    _ends("NaN with false comparisons",
          _INPUT + "class F(float):\n  def __ne__(self, other): return False\n"
          "  __eq__ = __ne__\noutput = F('nan')", Outcome.NOT_SERIALISABLE, detail="nan"),
    _ends("a type with a long name", _INPUT + "output = type('A' * 10 ** 6, (), {})()",
          Outcome.NOT_SERIALISABLE, detail="AAAA"),
    _ends("a list nested deeper than JSON parsers accept",
          _INPUT + "import sys\nsys.setrecursionlimit(10 ** 6)\noutput = 0\n"
          "for _ in range(5000): output = [output]", Outcome.NOT_SERIALISABLE, detail="nested"),
    *(
        _ok(f"standard output {how}", f"import sys\n{change}\noutput = 1", "1")
        for how, change in (("set to None", "sys.stdout = None"), ("closed", "sys.stdout.close()"))
    ),
)  # fmt: skip

CORPUS = (
    *_SECOND_PROCESS, *_THREADS, *_MEMORY, *_CPU, *_SIGNALS, *_OTHERS, *_NETWORK, *_FILES,
    *_PRIVILEGES, *_DESCRIPTORS, *_DECEPTIVE_VALUES, *_PATCHED, *_PARENT_STATE,
)  # fmt: skip
