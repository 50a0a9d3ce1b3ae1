// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What may stand where a subject, a key or a name is wanted. Nothing that passes can end a line of the protocol, or become more
/// than one word of it.
package enum NATSSubject {
    /// Whether it is a subject: tokens with dots between them; `*` and `>` only as whole tokens, and where they are allowed.
    static func isValid(_ text: String, wildcards: Bool = false) -> Bool {
        let tokens = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return false }
        return tokens.indices.allSatisfy { index in
            let token = tokens[index]
            if token == "*" { return wildcards }
            if token == ">" { return wildcards && index == tokens.count - 1 }
            return !token.isEmpty && !token.utf8.contains(0x2A) && !token.utf8.contains(0x3E)
        }
    }

    package static func check(_ text: String, _ what: String, wildcards: Bool = false) throws(FreshetError) {
        guard !self.isValid(text, wildcards: wildcards) else { return }
        throw FreshetError(
            .invalidInput,
            "\(what) is not a subject of NATS",
            hint: "tokens with dots between them, without white space\(wildcards ? "" : ", * or >")"
        )
    }

    /// Names of streams and buckets: one token, and for buckets of letters, digits, `-` and `_`.
    package static func check(name: String, _ what: String) throws(FreshetError) {
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2D || byte == 0x5F
        }
        guard name.isEmpty || !isPlain else { return }
        throw FreshetError(.invalidInput, "\(what) must be of letters, digits, - and _ (A-Z, a-z, 0-9)")
    }

    /// Keys of buckets: letters, digits and `-/_=.`, and no dot at the ends or beside another one.
    package static func check(key: String, wildcards: Bool = false) throws(FreshetError) {
        let isPlain = key.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-/_=.".utf8.contains(byte) || (wildcards && "*>".utf8.contains(byte))
        }
        guard !isPlain || !self.isValid(key, wildcards: wildcards) else { return }
        throw FreshetError(
            .invalidInput,
            "a key of a bucket cannot be \"\(key.prefix(64))\"",
            hint: "letters, digits and -/_= with dots between them"
        )
    }
}
