# SPDX-License-Identifier: Apache-2.0
"""Starts nginx as in nginx/nginx.conf before the example's server, and prints "N passed, N failed".

Run it with the interop servers' Python; it wants nginx, openssl, and a curl that speaks HTTP/2.
"""

import json
import re
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

SERVERS = Path(__file__).resolve().parent
BACKEND = SERVERS.parents[2] / "Examples/AppBackend/Server/server.py"
UPGRADE = ["-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13"]
UPGRADE += ["-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "-H", "Sec-WebSocket-Protocol: graphql-transport-ws"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """One that signs itself."""
    made, key = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


class Nginx:
    def __init__(self, folder: Path, upstream: int):
        self.folder = folder
        self.certificate, key = certificate(folder, "server")
        self.client, self.client_key = certificate(folder, "client")
        self.ports = {name: free_port() for name in ("PLAIN", "TLS", "MUTUAL", "FEW")}
        values = {"FOLDER": folder, "SERVERS": SERVERS, "UPSTREAM": upstream, **self.ports}
        values |= {"CERTIFICATE": self.certificate, "KEY": key, "AUTHORITY": self.client}
        text = (SERVERS / "nginx/nginx.conf").read_text()
        text = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
        file = folder / "nginx.conf"
        file.write_text(re.sub(r"\$\{(\w+)\}", lambda found: str(values[found[1]]), text))
        command = ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(file)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        while "using the" not in (line := self.process.stderr.readline()):
            assert line, "nginx did not start"

    def curl(self, where: str, path: str, *options: str) -> tuple[str, str, str]:
        """The version and the status, the head, and the body."""
        scheme = "http" if where == "PLAIN" else "https"
        url = f"{scheme}://127.0.0.1:{self.ports[where]}{path}"
        command = ["curl", "-s", "-i", "-m", "5", "--cacert", self.certificate, "-w", "\n%{http_version} %{http_code}"]
        out = subprocess.run([*command, *options, url], capture_output=True).stdout.decode("latin-1")
        text, _, verdict = out.rpartition("\n")
        head, _, body = text.partition("\r\n\r\n")
        return verdict, head.lower(), body


def tls(n: Nginx) -> None:
    assert n.curl("PLAIN", "/slow?ms=1")[::2] == ("1.1 200", '{"ms":1}')
    assert n.curl("TLS", "/slow?ms=1")[::2] == ("2 200", '{"ms":1}')
    assert n.curl("TLS", "/slow?ms=1", "--http1.1")[0] == "1.1 200"
    assert n.curl("MUTUAL", "/slow?ms=1")[0] == "2 400"
    identity = ["--cert", n.client, "--key", n.client_key]
    assert n.curl("MUTUAL", "/slow?ms=1", *identity)[0] == "2 200"


def bodies(n: Nginx) -> None:
    path = "/errors/spring?status=200"
    packed, plain = n.curl("PLAIN", path, "--compressed"), n.curl("PLAIN", path)
    assert "content-encoding: gzip" in packed[1] and "transfer-encoding: chunked" in packed[1]
    assert "content-encoding" not in plain[1] and json.loads(packed[2]) == json.loads(plain[2])
    assert n.curl("TLS", "/lines?count=3")[2].count("\n") == 3
    assert json.loads(n.curl("TLS", "/echo", "-d", "x" * 100_000)[2])["body"] == "x" * 100_000


def failures(n: Nginx) -> None:
    assert n.curl("PLAIN", "/impatient/slow?ms=3000")[0] == "1.1 504"
    assert n.curl("TLS", "/nobody/items")[0] == "2 502"
    assert n.curl("PLAIN", "/small/echo", "-d", "x" * 101)[0] == "1.1 413"
    assert "connection: close" in n.curl("PLAIN", "/closing/slow?ms=1")[1]
    assert len(n.curl("PLAIN", "/narrow/big?bytes=5000")[2]) == 5000


def keep_alive(n: Nginx) -> None:
    url = f"https://127.0.0.1:{n.ports['FEW']}/slow?ms=1"
    command = ["curl", "-sv", "-m", "5", "--cacert", n.certificate, *[url] * 4]
    for version in ("--http1.1", "--http2"):
        errors = subprocess.run([*command, version], capture_output=True, text=True).stderr
        assert errors.count("SSL connection using") == 2, errors


def switches(n: Nginx) -> None:
    def upgrade() -> str:
        return n.curl("PLAIN", "/graphql", *UPGRADE, "-m", "1")[0]

    assert upgrade() == "1.1 101"
    for name, status in (("no-websocket", "403"), ("strip-upgrade", "401")):
        switch = n.folder / name
        switch.touch()
        assert upgrade() == f"1.1 {status}", upgrade()
        assert n.curl("PLAIN", "/slow?ms=1")[0] == "1.1 200"
        switch.unlink()
        assert upgrade() == "1.1 101"


def main() -> int:
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        backend = subprocess.Popen([sys.executable, BACKEND], stdout=subprocess.PIPE, text=True)
        assert backend.stdout
        nginx = Nginx(Path(folder), int(backend.stdout.readline().rsplit(":", 1)[1]))
        for check in (tls, bodies, failures, keep_alive, switches):
            try:
                check(nginx)
                passed += 1
            except Exception:
                failed += 1
                print(check.__name__, traceback.format_exc())
        for process in (nginx.process, backend):
            process.kill()
            process.wait()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
