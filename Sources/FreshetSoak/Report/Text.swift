// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them, and escapes.
enum Text {
    /// `12 ms`, `1.31 s`, `2 min 5 s`.
    static func seconds(_ seconds: Double) -> String {
        switch seconds {
        case ..<0.001: "\(Int((seconds * 1_000_000).rounded())) µs"
        case ..<0.01: "\(Self.decimal(seconds * 1000, 1)) ms"
        case ..<1: "\(Int((seconds * 1000).rounded())) ms"
        case ..<10: "\(Self.decimal(seconds, 2)) s"
        case ..<120: "\(Self.decimal(seconds, 1)) s"
        case ..<7200: "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
        default: "\(Int(seconds) / 3600) h \(Int(seconds) % 3600 / 60) min"
        }
    }

    /// So many digits after the point, but no zeros at the end.
    static func decimal(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "–" }
        let value = value.rounded(digits)
        return value == value.rounded() ? "\(Int(value))" : "\(value)"
    }

    /// `12,345`.
    static func count(_ count: Int) -> String {
        var text = ""
        for (index, digit) in String(abs(count)).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (count < 0 ? "-" : "") + String(text.reversed())
    }

    /// For XML and HTML, in text and in quoted attributes. What XML cannot hold is left out.
    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\n", "\t": out.unicodeScalars.append(scalar)
            case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": break
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// For a cell of a Markdown table.
    static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("\n", with: " ").replacing("<", with: "&lt;")
    }
}
