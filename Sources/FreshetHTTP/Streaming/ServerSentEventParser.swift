// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Puts events together, line by line (HTML standard, 9.2.6).
struct ServerSentEventParser {
    private var event = ""
    private var data: [String] = []
    private var dataSize = 0
    private var id = ""
    private var retry: Duration?
    private var isFirst = true
    private let limit: Int

    /// - Parameter limit: how many bytes the data of one event may have.
    init(limit: Int) { self.limit = limit }

    /// Reads a line; an empty one ends an event.
    mutating func read(line: Bytes) throws(FreshetError) -> ServerSentEvent? {
        var line = line
        if self.isFirst, line.count >= 3, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF {
            line = line[3..<line.count]
        }
        self.isFirst = false
        guard line.count > 0 else { return self.dispatch() }
        let text = line.text
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            try self.set(text, "")
            return nil
        }
        let value = text[text.utf8.index(after: colon)...]
        try self.set(
            String(text[..<colon]),
            String(value.utf8.first == 0x20 ? Substring(value.utf8.dropFirst()) : value)
        )
        return nil
    }

    private mutating func set(_ field: String, _ value: String) throws(FreshetError) {
        switch field {
        case "event": self.event = value
        case "data":
            self.dataSize += value.utf8.count + 1
            guard self.dataSize <= self.limit else {
                throw FreshetError(
                    .messageTooLarge,
                    "an event is larger than \(self.limit) bytes",
                    hint: "raise the limit"
                )
            }
            self.data.append(value)
        case "id": if !value.utf8.contains(0) { self.id = value }
        case "retry":
            if !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let time = Int64(value) {
                self.retry = .milliseconds(min(time, 86_400_000))
            }
        default: break  // a comment, or what a later standard says
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            self.event = ""
            self.data = []
            self.dataSize = 0
        }
        guard !self.data.isEmpty else { return nil }
        defer { self.retry = nil }
        return ServerSentEvent(
            event: self.event.isEmpty ? "message" : self.event,
            data: self.data.joined(separator: "\n"),
            id: self.id,
            retry: self.retry
        )
    }
}
