"""The classic BPF programs that pick the member of a SO_REUSEPORT group for each new connection.

They need no privilege: `SO_ATTACH_REUSEPORT_CBPF` on any member sets the program of the whole group, and
attaching again replaces it between two connections. See socket(7) and the kernel's
`Documentation/networking/filter.rst`.
"""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import struct

_ATTACH_REUSEPORT_CBPF = 51  # asm-generic/socket.h; Python has no name for it
_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_LOAD_HALF = 0x28  # BPF_LD | BPF_H | BPF_ABS
_LOAD_BYTE = 0x30  # BPF_LD | BPF_B | BPF_ABS
_SHIFT_RIGHT = 0x74  # BPF_ALU | BPF_RSH | BPF_K
_SKIP_UNLESS_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_NETWORK_HEADER = 0xFFF00000  # SKF_NET_OFF as an unsigned word: offsets from here count from the IP header
_SOURCE_IN_IPV4 = 12
_NEXT_HEADER_IN_IPV6 = 6
_SOURCE_IN_IPV6 = 8
_IPV6_HEADER = 40  # the TCP header follows at once, beginning with the source port
_TCP = 6
_WIDTHS = {1: _LOAD_BYTE, 2: _LOAD_HALF, 4: _LOAD_WORD}

_Condition = tuple[int, int, int]
"""Where in the IP packet, how many bytes, and what they must be."""


class _Program(ctypes.Structure):
    """`struct sock_fprog`: the number of instructions and where they are."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def by_address(clients: int, probes: int, address: str) -> bytes:
    """Assemble a program that knows our probes by their IPv4 address.

    Args:
        clients: the position in the group that gets everybody's connections.
        probes: the position that gets the connections from `address`.
        address: where our probes come from.

    Returns:
        instructions of eight bytes.
    """
    return _assemble(clients, probes, [(_SOURCE_IN_IPV4, 4, int(ipaddress.IPv4Address(address)))])


def by_port(clients: int, probes: int, address: str, port: int) -> bytes:
    """Assemble a program that knows our probes by their IPv6 address and port.

    Args:
        clients: as in `by_address`.
        probes: the position that gets the connections from `port` of `address`.
        address: where our probes come from.
        port: likewise; 0 for none, then `clients` gets all.

    Returns:
        instructions of eight bytes.
    """
    words = struct.unpack("!4I", ipaddress.IPv6Address(address).packed)
    source = [(_SOURCE_IN_IPV6 + 4 * number, 4, word) for number, word in enumerate(words)]
    return _assemble(clients, probes, [(_NEXT_HEADER_IN_IPV6, 1, _TCP), *source, (_IPV6_HEADER, 2, port)], version=6)


def _assemble(clients: int, probes: int, conditions: list[_Condition], version: int = 0) -> bytes:
    code = []
    if version:  # a socket for both families gets IPv4 packets, too
        code += [(_LOAD_BYTE, 0, 0, _NETWORK_HEADER), (_SHIFT_RIGHT, 0, 0, 4)]
        code += [(_SKIP_UNLESS_EQUAL, 0, 2 * len(conditions) + 1, version)]
    for number, (offset, width, value) in enumerate(conditions):
        to_clients = 2 * (len(conditions) - number) - 1
        code += [(_WIDTHS[width], 0, 0, _NETWORK_HEADER + offset), (_SKIP_UNLESS_EQUAL, 0, to_clients, value)]
    code += [(_RETURN, 0, 0, probes), (_RETURN, 0, 0, clients)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def attach(member: socket.socket, code: bytes) -> None:
    """Steer the whole group from now on; one system call, so no connection sees half a change.

    Args:
        member: any listening member of the group.
        code: the program.

    Raises:
        OSError: this kernel does not know the option.
    """
    buffer = ctypes.create_string_buffer(code, len(code))  # must live until setsockopt has read it
    header = _Program(len(code) // 8, ctypes.addressof(buffer))
    member.setsockopt(socket.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, bytes(header))
