"""Checks the stand-in for the Kubernetes API server (kubernetes.py) by itself. Prints `N passed, N failed`."""

import json
import pathlib
import socket
import subprocess
import sys
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
MAPS = "/api/v1/namespaces/default/configmaps"
passed = failed = 0


def check(name, truth):
    global passed, failed
    if truth:
        passed += 1
    else:
        failed += 1
        print(f"failed: {name}")


class Client:
    def __init__(self, url):
        self.url = url
        self.port = int(url.rsplit(":", 1)[1])

    def __call__(self, method, path, value=None, kind="application/json", token="t"):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if value is None else json.dumps(value).encode(),
            headers={"Content-Type": kind, "Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def lines(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer t"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            return [json.loads(line) for line in reply]

    def upgrade(self, path, origin):
        """The head of the answer, and what follows it until the end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            fields = "Origin: http://here\r\n" if origin else ""
            connection.sendall((f"GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                f"Authorization: Bearer t\r\n{fields}\r\n").encode())
            data = b""
            while b"\r\n\r\n" not in data or (b" 101 " in data and b"\x88\x02\x03\xe8" not in data):
                piece = connection.recv(65536)
                if not piece:
                    break
                data += piece
        return data


def main():
    program = subprocess.Popen([sys.executable, "-B", str(HERE / "kubernetes.py"), "--token", "t"],
                               stdout=subprocess.PIPE, text=True)
    try:
        run(Client(program.stdout.readline().split()[1]))
    finally:
        program.kill()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def run(client):
    check("a token is wanted", client("GET", MAPS, token="x")[0] == 401)
    for name in "abc":
        check("created", client("POST", MAPS, {"metadata": {"name": name}, "data": {"v": name}})[0] == 201)
    check("not twice", client("POST", MAPS, {"metadata": {"name": "a"}})[1]["reason"] == "AlreadyExists")
    check("not without a name", client("POST", MAPS, {})[0] == 422)

    _, page = client("GET", f"{MAPS}?limit=2")
    version, token = page["metadata"]["resourceVersion"], page["metadata"]["continue"]
    _, second = client("GET", f"{MAPS}?limit=2&continue={token}")
    check("pages are of one moment", second["metadata"]["resourceVersion"] == version)
    check("all pages are everything", [i["metadata"]["name"] for i in page["items"] + second["items"]] == list("abc"))
    check("items have no kind", "kind" not in page["items"][0])

    code, new = client("PUT", f"{MAPS}/a", {"metadata": {"resourceVersion": page["items"][0]["metadata"]["resourceVersion"]}})
    check("replaced", code == 200)
    check("conflict", client("PUT", f"{MAPS}/a", {"metadata": {"resourceVersion": "1"}})[1]["reason"] == "Conflict")
    check("patched", client("PATCH", f"{MAPS}/a", {"data": {"v": "z"}}, "application/merge-patch+json")[1]["data"]["v"] == "z")
    check("conflict on delete", client("DELETE", f"{MAPS}/a", {"preconditions": {"resourceVersion": "1"}})[0] == 409)
    check("deleted", client("DELETE", f"{MAPS}/b", {})[0] == 200)
    check("gone", client("GET", f"{MAPS}/b")[0] == 404)

    watch = f"{MAPS}?watch=1&resourceVersion={version}&timeoutSeconds=1"
    events = client.lines(watch)
    check("chunked", [e["type"] for e in events] == ["MODIFIED", "MODIFIED", "DELETED"])
    check("no Origin, no WebSocket", b" 403 " in client.upgrade(watch, origin=False).split(b"\r\n")[0])
    socket_data = client.upgrade(watch, origin=True)
    check("over WebSocket", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in socket_data and socket_data.count(b'"type":') == 3)
    check("a clean close", socket_data.endswith(b"\x88\x02\x03\xe8"))

    client("POST", "/control", {"forget": True})
    check("410 after 200", client.lines(watch)[0]["object"]["code"] == 410)
    check("410 after 101", b'"code":410' in client.upgrade(watch, origin=True))
    client("POST", MAPS, {"metadata": {"name": "d"}})
    client("POST", "/control", {"forget": True})
    check("an old page is gone", client("GET", f"{MAPS}?limit=2&continue={token}")[0] == 410)
    client("POST", "/control", {"refuseUpgrades": 400, "refuseStreams": 403})
    check("upgrades are refused", b" 400 " in client.upgrade(watch, origin=True).split(b"\r\n")[0])
    check("streams are refused", client("GET", watch)[0] == 403)


if __name__ == "__main__":
    main()
