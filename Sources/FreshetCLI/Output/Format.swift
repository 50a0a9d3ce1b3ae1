// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Times and durations as `watch` prints them.
enum Format {
    private static let instantStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// `2026-01-31T12:00:01.204Z`
    static func instant(_ date: Date) -> String {
        date.formatted(Self.instantStyle)
    }

    /// `12:00:01.204Z`
    static func time(_ date: Date) -> String {
        String(Self.instant(date).drop { $0 != "T" }.dropFirst())
    }

    static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    /// `812 ms`, `2.2 s`, `4m12s`
    static func duration(_ duration: Duration) -> String {
        let milliseconds = Self.milliseconds(duration)
        switch milliseconds {
        case ..<1000: return "\(milliseconds) ms"
        case ..<60_000: return "\(milliseconds / 1000).\(milliseconds / 100 % 10) s"
        default: return "\(milliseconds / 60_000)m\(milliseconds / 1000 % 60)s"
        }
    }

    /// Somebody else's words on one line, without what would steer a terminal.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "\u{FFFD}" : scalar
                }
            )
        )
    }

    /// The same for a text of several lines.
    static func printableText(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Self.printable(String($0).replacing("\t", with: "    ").replacing("\r", with: "")) }
            .joined(separator: "\n")
    }

    /// A JSON string literal.
    static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
