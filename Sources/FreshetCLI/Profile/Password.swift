// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What the terminal was like before it was told not to show what is typed. A signal's handler can take nothing with it, so it is here.
private nonisolated(unsafe) var shownSettings = termios()

/// A password, from wherever it does not show: a file, a terminal that does not echo, a pipe.
enum Password {
    static func read(file: String?, for user: String) throws(FreshetError) -> String {
        let text: String?
        if let file {
            text = try InputFile.text(file)
        } else if isatty(0) == 1 {
            text = try Self.ask("password for \(Format.printable(user)): ")
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

    private static func ask(_ prompt: String) throws(FreshetError) -> String? {
        guard tcgetattr(0, &shownSettings) == 0 else { throw Self.cannotHide() }
        var settings = shownSettings
        settings.c_lflag &= ~tcflag_t(ECHO)
        // Whoever ends the program at the prompt gets a terminal back that shows what is typed.
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
        let before = signals.map { number in
            signal(number) { number in
                tcsetattr(0, TCSANOW, &shownSettings)
                signal(number, SIG_DFL)
                // It is held up until this handler has returned.
                raise(number)
            }
        }
        defer {
            for (number, handler) in zip(signals, before) { signal(number, handler) }
        }
        guard tcsetattr(0, TCSAFLUSH, &settings) == 0 else { throw Self.cannotHide() }
        defer {
            tcsetattr(0, TCSAFLUSH, &shownSettings)
            Self.note("\n")
        }
        Self.note(prompt)
        return readLine(strippingNewline: true)
    }

    private static func cannotHide() -> FreshetError {
        FreshetError(
            .invalidInput,
            "the terminal cannot be told not to show the password",
            hint: "name its file with --password-file, or pipe it in"
        )
    }

    /// Prompts go to stderr, like everything that is not data.
    private static func note(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
