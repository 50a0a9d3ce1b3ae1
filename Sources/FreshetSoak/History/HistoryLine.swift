// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import FreshetCore

/// One line of `history.jsonl`: `{"element":{"client":3,"k":2,"key":"a","n":120,"stream":1},"us":81234,"v":1}`.
package struct HistoryLine: Sendable, Hashable, Codable {
    /// Of what is written.
    package static let version = 1

    /// Since the run began.
    package var us: Int
    package var event: HistoryEvent

    package init(us: Int, _ event: HistoryEvent) {
        self.us = us
        self.event = event
    }

    private enum CodingKeys: String, CodingKey { case v, us }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let version = try container.decode(Int.self, forKey: .v)
        guard version == Self.version else {
            throw DecodingError.dataCorruptedError(
                forKey: .v,
                in: container,
                debugDescription: "version \(version) is not known here"
            )
        }
        self.us = try container.decode(Int.self, forKey: .us)
        self.event = try HistoryEvent(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.version, forKey: .v)
        try container.encode(self.us, forKey: .us)
        try self.event.encode(to: encoder)
    }
}

extension HistoryLine {
    /// The line, without its line feed.
    package func json() throws(FreshetError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(self)
        } catch {
            throw FreshetError(.invalidInput, "A line of the history cannot be written: \(error).")
        }
    }

    /// Reads a line.
    ///
    /// - Parameters:
    ///   - json: without its line feed.
    ///   - number: from 1, for the error.
    /// - Throws: `.decoding` when it is no line of a history of this version.
    package init(json: Data, number: Int) throws(FreshetError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: json)
        } catch {
            throw FreshetError(
                .decoding,
                "Line \(number) of the history cannot be read: \(Self.reason(of: error)).",
                hint: "each line is an object with v (\(Self.version)), us and one event"
            )
        }
    }

    private static func reason(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil as DecodingError.Context?
            }
        let path = context.map { $0.codingPath.map(\.stringValue).joined(separator: ".") } ?? ""
        let what =
            if case .keyNotFound(let key, _) = error {
                "\(key.stringValue) is missing"
            } else {
                context?.debugDescription.trimmingSuffix(".") ?? "it is not JSON"
            }
        return path.isEmpty ? what : "\(what) (at \(path))"
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        self.hasSuffix(suffix) ? String(self.dropLast(suffix.count)) : self
    }
}
