# SPDX-License-Identifier: Apache-2.0
"""Stands in for Google's token endpoints: OAuth 2.0 for service accounts, Firebase's secure token service, and the password
login. Not the real ones. What a service account has signed is judged by Google's own library for it.

    google_tokens.py KEY_FILE PROJECT PORT      prints "listening http://127.0.0.1:PORT"

Access tokens are `owner`, and ID tokens are unsigned, as the Firestore emulator takes them. The password of every user is
`password`; the refresh token of ada is `refresh-ada`.
"""

import base64
import json
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import serialization
from google.auth import jwt
from google.oauth2 import service_account

KEY_FILE, PROJECT, PORT = sys.argv[1:]
with open(KEY_FILE, encoding="utf-8") as file:
    INFO = json.load(file)
PUBLIC_KEY = (
    serialization.load_pem_private_key(INFO["private_key"].encode(), None)
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)


class Refused(Exception):
    pass


def id_token(user: str) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    now = int(time.time())
    claims = {
        "sub": user, "user_id": user, "aud": PROJECT, "iss": f"https://securetoken.google.com/{PROJECT}",
        "iat": now, "exp": now + 3600,
    }
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def assertion(text: str) -> None:
    claims = jwt.decode(text, certs={INFO["private_key_id"]: PUBLIC_KEY}, audience="https://oauth2.googleapis.com/token")
    scopes = str(claims["scope"]).split()
    theirs = service_account.Credentials.from_service_account_info(INFO, scopes=scopes)._make_authorization_grant_assertion()
    expected = jwt.decode(theirs, verify=False)
    for name in ("iat", "exp"):
        assert abs(expected.pop(name) - claims.pop(name)) < 60, name
    assert claims == expected, (claims, expected)
    assert jwt.decode_header(text) == jwt.decode_header(theirs)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        url = urllib.parse.urlsplit(self.path)
        try:
            self.answer(200, self.reply(url, body))
        except Refused as error:
            self.answer(400, {"error": {"code": 400, "message": str(error), "status": "INVALID_ARGUMENT"}})
        except Exception as error:
            print("refused:", repr(error), file=sys.stderr, flush=True)
            self.answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT"})

    def reply(self, url: urllib.parse.SplitResult, body: str) -> dict[str, object]:
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True)) if "form" in self.headers["Content-Type"] else {}
        if url.path == "/token":
            assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer", form
            assertion(form["assertion"])
            return {"access_token": "owner", "expires_in": 3599, "token_type": "Bearer"}
        if dict(urllib.parse.parse_qsl(url.query)) != {"key": "api-key"}:
            raise Refused("API key not valid. Please pass a valid API key.")
        if url.path == "/v1/token":
            assert form["grant_type"] == "refresh_token", form
            kind, _, user = form["refresh_token"].partition("-")
            if kind != "refresh":
                raise Refused("INVALID_REFRESH_TOKEN")
            token = id_token(user)
            return {
                "access_token": token, "expires_in": "3600", "token_type": "Bearer", "id_token": token,
                "refresh_token": form["refresh_token"], "user_id": user, "project_id": "1",
            }
        if url.path == "/v1/accounts:signInWithPassword":
            fields = json.loads(body)
            if fields["password"] != "password" or fields["returnSecureToken"] is not True:
                raise Refused("INVALID_LOGIN_CREDENTIALS")
            user = fields["email"].split("@")[0]
            return {"idToken": id_token(user), "refreshToken": f"refresh-{user}", "expiresIn": "3600", "localId": user}
        raise Refused("NOT_FOUND")

    def answer(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler)
print(f"listening http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
