// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP

/// Tokens for tests.
enum Tokens {
    /// A JSON Web Token with these claims, signed by nobody.
    static func jwt(_ claims: String) -> String {
        "\(self.encode(#"{"alg":"HS256"}"#)).\(self.encode(claims)).c2lnbmF0dXJl"
    }

    /// One that says when it was made, and when it ends; seconds since 1970.
    static func jwt(from: Int, to: Int) -> String { self.jwt(#"{"iat":\#(from),"exp":\#(to)}"#) }

    /// All ways in which a value is printed.
    static func printed(_ value: some Sendable) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return ["\(value)", String(describing: value), String(reflecting: value), "\([value])", dumped]
    }

    private static func encode(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}
