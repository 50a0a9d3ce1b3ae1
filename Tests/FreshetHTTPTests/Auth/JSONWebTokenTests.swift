// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import Testing

/// Reading tokens (RFC 7519).
@Suite struct JSONWebTokenTests {
    @Test("Header, claims and dates are read, fractional seconds too")
    func reads() throws {
        let token = try JSONWebToken(
            Tokens.jwt(#"{"sub":"ada","exp":1700003600.5,"iat":1700000000,"nbf":1699999999,"role":["admin"]}"#)
        )
        #expect(token.header["alg"] == "HS256")
        #expect(token.subject == "ada")
        #expect(token.expiresAt == Date(timeIntervalSince1970: 1_700_003_600.5))
        #expect(token.issuedAt == Date(timeIntervalSince1970: 1_700_000_000))
        #expect(token.notBefore == Date(timeIntervalSince1970: 1_699_999_999))
        #expect(token.claims["role"] == ["admin"])
        #expect(token.lifetime == .seconds(3600.5))
    }

    @Test("A token without dates has none")
    func noDates() throws {
        let token = try JSONWebToken(Tokens.jwt("{}"))
        #expect(token.expiresAt == nil && token.lifetime == nil && token.subject == nil)
    }

    @Test("The example of RFC 7519 3.1 is read")
    func example() throws {
        let token = try JSONWebToken(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly"
                + "9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        )
        #expect(token.claims["iss"] == "joe")
        #expect(token.expiresAt == Date(timeIntervalSince1970: 1_300_819_380))
        #expect(token.claims["http://example.com/is_root"] == true)
    }

    @Test(
        "What is not a JSON Web Token is a typed error that says where it stops to be one, without its text",
        arguments: [
            ("", "has 1 parts"), ("opaque-s3cret", "has 1 parts"), ("s3cret.b", "has 2 parts"),
            ("a.b.c.d.s3cret", "has 5 parts"), ("s3cr=t.e30.", "header is not base64url"),
            ("e30.s3cret+/.", "claims is not base64url"), ("e30.e30.s3cret!", "signature is not base64url"),
            ("e30.s3cret.", "claims are not a JSON object"), ("W10.e30.", "header are not a JSON object"),
            ("e30.a.", "claims is not base64url"),
            (Tokens.jwt(#"{"exp":"s3cret"}"#), #""exp" is not a number"#),
            (Tokens.jwt(#"{"exp":1e300}"#), #""exp" is no date"#),
            (Tokens.jwt(#"{"iat":-1}"#), #""iat" is no date"#),
            (Tokens.jwt(#"{"exp":1700000000000}"#), #""exp" is no date"#),
            (Tokens.jwt(#"{"nbf":null}"#), #""nbf" is not a number"#),
            (String(repeating: "s3cret", count: 20_000), "more than 64 KiB"),
        ]
    )
    func bad(_ text: String, _ why: String) {
        let error = #expect(throws: FreshetError.self) { try JSONWebToken(text) }
        #expect(error?.kind == .decoding)
        #expect(error?.message.contains(why) == true, "\(String(describing: error))")
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test("A token that is printed shows the names of its claims, and no value")
    func printing() throws {
        let token = try JSONWebToken(Tokens.jwt(#"{"sub":"s3cret","email":"s3cret@example.com"}"#))
        #expect("\(token)" == "JSONWebToken(claims: email, sub)")
        for text in Tokens.printed(token) { #expect(!text.contains("s3cret")) }
    }
}
