# SPDX-License-Identifier: Apache-2.0
"""A WebSocket server that misbehaves on purpose, plain or over TLS. Only the standard library.

    faults.py [--certificate PEM --key PEM] [--client-authority PEM] [--tls 1.2|1.3] BEHAVIOUR...

Each behaviour has a port of its own on 127.0.0.1; "nobody" is one where nobody listens. Prints "listening PORT..." in the order of the behaviours.
"""

import argparse
import base64
import hashlib
import select
import socket
import ssl
import struct
import threading

FLOOD = b"\x82\x7e\x40\x00" + b"f" * 16384


class Gone(Exception):
    """The client has gone."""


class Stream:
    """Blocking reads and writes, over TLS if there is a context. TLS stays apart from the socket, to be broken at will."""

    def __init__(self, connection, context):
        self.socket = connection
        self.tls = None
        if context:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def handshake(self):
        if self.tls:
            self.step(self.tls.do_handshake)

    def read(self):
        """What came; raises at the end."""
        data = self.step(lambda: self.tls.read(65536)) if self.tls else self.socket.recv(65536)
        if not data:
            raise Gone
        return data

    def write(self, data):
        if not self.tls:
            return self.socket.sendall(data)
        for start in range(0, len(data), 65536):
            self.tls.write(data[start : start + 65536])
            self.flush()

    def step(self, call):
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                self.flush()
                data = self.socket.recv(65536)
                if not data:
                    raise Gone from None
                self.incoming.write(data)
            finally:
                self.flush()  # alerts as well

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.socket.sendall(data)

    def read_to_end(self):
        while True:
            self.read()

    def wait(self):
        """Reads nothing until the client has gone."""
        poller = select.poll()
        poller.register(self.socket, select.POLLRDHUP)
        poller.poll()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def read_request(self):
        self.handshake()
        request = b""
        while b"\r\n\r\n" not in request:
            request += self.read()
        return request

    def open(self, more=b""):
        request = self.read_request()
        lines = request.split(b"\r\n")
        key = next(line.split(b": ", 1)[1] for line in lines if line.lower().startswith(b"sec-websocket-key: "))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + more
        )


def text(message):
    return struct.pack("BB", 0x81, len(message)) + message


HELLO = text(b"hello")
CLOSE = b"\x88\x02\x03\xe8"


def accept_hang(stream):
    stream.wait()


def accept_reset(stream):
    stream.reset()


def accept_close(stream):
    pass


def accept_nonsense(stream):
    stream.socket.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    stream.wait()


def hello_close(stream):
    """In the middle of the handshake: after the client's first bytes."""
    stream.socket.recv(65536)


def hello_reset(stream):
    stream.socket.recv(65536)
    stream.reset()


def request_hang(stream):
    stream.read_request()
    stream.read_to_end()


def request_close(stream):
    stream.read_request()


def request_reset(stream):
    stream.read_request()
    stream.reset()


def refuse(stream):
    stream.read_request()
    stream.write(b"HTTP/1.1 503 Later\r\nContent-Length: 4\r\n\r\nbusy")
    stream.read_to_end()


def wrong_accept(stream):
    stream.read_request()
    stream.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
    )
    stream.read_to_end()


def open_read(stream):
    stream.open(HELLO)
    stream.read_to_end()


def open_deaf(stream):
    """Reads nothing more, so that what the client sends piles up."""
    stream.open(HELLO)
    stream.wait()


def open_orderly(stream):
    stream.open(HELLO + CLOSE)
    stream.read_to_end()


def open_truncated(stream):
    """A FIN in the middle of a frame: over TLS without close_notify."""
    stream.open(HELLO + b"\x81\x05he")


def open_notified(stream):
    """A proper end of TLS, without a close frame."""
    stream.open(HELLO)
    if stream.tls:
        try:
            stream.tls.unwrap()
        except ssl.SSLError:
            pass
        stream.flush()


def open_reset(stream):
    stream.open(HELLO)
    stream.reset()


def open_half(stream):
    stream.open(HELLO)
    stream.socket.shutdown(socket.SHUT_WR)
    stream.read_to_end()


def open_flood(stream):
    stream.open(HELLO)
    while True:
        stream.write(FLOOD)


def flood_reset(stream):
    stream.open(HELLO)
    for _ in range(8):
        stream.write(FLOOD)
    stream.reset()


def open_alert(stream):
    """A fatal alert in mid stream: TLS is made to believe that the client sent a broken record."""
    stream.open(HELLO)
    if stream.tls:
        stream.incoming.write(b"\x17\x03\x03\x00\x20" + bytes(32))
        try:
            stream.tls.read(1)
        except ssl.SSLError:
            pass
        stream.flush()


def converse(behaviour, connection, context):
    try:
        stream = Stream(connection, context)
        behaviour(stream)
    except (Gone, OSError):  # ssl.SSLError is one
        pass
    finally:
        connection.close()


def accept(listener, behaviour, context):
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=converse, args=(behaviour, connection, context), daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--client-authority")
    parser.add_argument("--tls", choices=["1.2", "1.3"])
    parser.add_argument("behaviours", nargs="+")
    options = parser.parse_args()

    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        if options.client_authority:
            context.load_verify_locations(options.client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        if options.tls:
            version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[options.tls]
            context.minimum_version = context.maximum_version = version

    ports = []
    for name in options.behaviours:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        ports.append(str(listener.getsockname()[1]))
        if name == "nobody":
            listener.close()
            continue
        behaviour = globals()[name.replace("-", "_")]
        threading.Thread(target=accept, args=(listener, behaviour, context), daemon=True).start()
    print("listening", *ports, flush=True)
    threading.Event().wait()


main()
