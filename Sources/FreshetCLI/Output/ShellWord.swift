// SPDX-License-Identifier: Apache-2.0

/// Words as a shell takes them.
enum ShellWord {
    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")

    /// The word as it is, or in quotes where a shell would make something else of it.
    static func quoted(_ word: String) -> String {
        if !word.isEmpty, word.allSatisfy({ Self.plain.contains($0) }) { return word }
        return "'\(word.replacing("'", with: #"'\''"#))'"
    }
}
