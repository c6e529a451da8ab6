"""The classic BPF program that picks the member of a SO_REUSEPORT group for each new connection.

It needs no privilege: `SO_ATTACH_REUSEPORT_CBPF` on any member sets the program of the whole group, and
attaching again replaces it between two connections. See socket(7) and the kernel's
`Documentation/networking/filter.rst`.
"""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import struct

PROBE_SOURCE = "127.0.0.2"
"""Connections from this address are ours; nobody else has a reason to use it."""

_ATTACH_REUSEPORT_CBPF = 51  # asm-generic/socket.h; Python has no name for it
_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_SKIP_UNLESS_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_NETWORK_HEADER = 0xFFF00000  # SKF_NET_OFF as an unsigned word: offsets from here count from the IP header
_SOURCE_ADDRESS = 12  # of an IPv4 header


class _Program(ctypes.Structure):
    """`struct sock_fprog`: the number of instructions and where they are."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def program(clients: int, probes: int) -> bytes:
    """Assemble the program.

    Args:
        clients: the position in the group that gets everybody's connections.
        probes: the position that gets the connections from `PROBE_SOURCE`.

    Returns:
        four instructions of eight bytes.
    """
    return b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (_LOAD_WORD, 0, 0, _NETWORK_HEADER + _SOURCE_ADDRESS),
            (_SKIP_UNLESS_EQUAL, 0, 1, int(ipaddress.IPv4Address(PROBE_SOURCE))),
            (_RETURN, 0, 0, probes),
            (_RETURN, 0, 0, clients),
        )
    )


def attach(member: socket.socket, clients: int, probes: int) -> None:
    """Steer the whole group from now on; one system call, so no connection sees half a change.

    Args:
        member: any listening member of the group.
        clients: as in `program`.
        probes: as in `program`.

    Raises:
        OSError: this kernel does not know the option.
    """
    code = program(clients, probes)
    buffer = ctypes.create_string_buffer(code, len(code))  # must live until setsockopt has read it
    header = _Program(len(code) // 8, ctypes.addressof(buffer))
    member.setsockopt(socket.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, bytes(header))
