"""Starts a program for which the kernel refuses to change a connection's congestion control, for tests: whether it does
is a switch of the whole machine, which a test leaves alone. refusing.py ERRNO PROGRAM [ARGUMENT...]"""

import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
# linux/seccomp.h, linux/filter.h
ALLOW = 0x7FFF0000
ERRNO = 0x00050000
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
# The lower halves of struct seccomp_data's fields on a little-endian machine.
SYSCALL, LEVEL, OPTION = 0, 24, 32
SYS_SETSOCKOPT = {"x86_64": 54, "aarch64": 208}
IPPROTO_TCP, TCP_CONGESTION = 6, 13


def refuse(number):
    """setsockopt(…, IPPROTO_TCP, TCP_CONGESTION, …) of this process and its children fails from now on."""
    program = [
        (LOAD, 0, 0, SYSCALL), (JUMP_IF_EQUAL, 0, 5, SYS_SETSOCKOPT[os.uname().machine]),
        (LOAD, 0, 0, LEVEL), (JUMP_IF_EQUAL, 0, 3, IPPROTO_TCP),
        (LOAD, 0, 0, OPTION), (JUMP_IF_EQUAL, 0, 1, TCP_CONGESTION),
        (RETURN, 0, 0, ERRNO | number), (RETURN, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_void_p(ctypes.addressof(header)), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    refuse(getattr(errno, sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
