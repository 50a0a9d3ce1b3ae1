// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A password, from wherever it does not show: a file, a terminal that does not echo, a pipe.
enum Password {
    static func read(file: String?, for user: String) throws(FreshetError) -> String {
        let text: String?
        if let file {
            guard let data = try? Data(contentsOf: URL(filePath: file)) else {
                throw FreshetError(.invalidInput, "the password file cannot be read: \(file)")
            }
            text = String(validating: data, as: UTF8.self)
        } else if isatty(0) == 1 {
            text = Self.ask("password for \(Format.printable(user)): ")
        } else {
            text = readLine(strippingNewline: true)
        }
        let line = text.map { String($0.prefix { !$0.isNewline }) }
        guard let line, !line.isEmpty else {
            throw FreshetError(
                .invalidInput,
                "there is no password",
                hint: "type it, pipe it in, or name its file with --password-file"
            )
        }
        return line
    }

    private static func ask(_ prompt: String) -> String? {
        var settings = termios()
        tcgetattr(0, &settings)
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(0, TCSAFLUSH, &silent)
        defer {
            tcsetattr(0, TCSAFLUSH, &settings)
            FileHandle.note("\n")
        }
        FileHandle.note(prompt)
        return readLine(strippingNewline: true)
    }

    /// Prompts go to stderr, like everything that is not data.
    private enum FileHandle {
        static func note(_ text: String) {
            let bytes = Array(text.utf8)
            _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        }
    }
}
