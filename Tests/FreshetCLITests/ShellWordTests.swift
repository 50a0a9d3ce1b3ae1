// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetCLI

struct ShellWordTests {
    @Test(
        "A word that a shell leaves alone stays as it is",
        arguments: ["a", "10s", "--in-order", "k=v", "ws://h:1/p"]
    )
    func plain(_ word: String) {
        #expect(ShellWord.quoted(word) == word)
    }

    @Test(
        "Any other stands in quotes",
        arguments: [
            ("", "''"), ("a b", "'a b'"), ("tcp.*", "'tcp.*'"), ("p99<5s", "'p99<5s'"), ("$x", "'$x'"), ("é", "'é'"),
            ("it's", #"'it'\''s'"#), ("a\nb", "'a\nb'"), ("(a)", "'(a)'"), ("~", "'~'"), ("a&b", "'a&b'"),
        ]
    )
    func quoted(_ word: String, _ expected: String) {
        #expect(ShellWord.quoted(word) == expected)
    }
}
