// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import HTTPTypes

/// The head of an answer, line by line as libcurl hands it out. Of several, as after a 1xx, the last one counts.
struct ResponseHead {
    private(set) var response = HTTPResponse(status: .init(code: 0))
    private(set) var isComplete = false
    /// The length of the body that the server announces, where it does and that counts (RFC 9112 6.3).
    private(set) var contentLength: Int?
    private var byteCount = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Reads a line with its line break.
    mutating func read(line: UnsafeRawBufferPointer) throws(FreshetError) {
        self.byteCount += line.count
        guard self.byteCount <= self.limit else {
            throw FreshetError(
                .messageTooLarge,
                "the header fields of the answer are larger than \(self.limit) bytes",
                hint: "raise the limit for header fields if this server is trusted"
            )
        }
        // What comes after the head are trailers (RFC 9110 6.5), which nobody has asked for.
        guard !self.isComplete else { return }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: line.prefix { $0 != 0x0D && $0 != 0x0A })
        if unsafe bytes.isEmpty {
            self.isComplete = self.response.status.kind != .informational
            if self.isComplete { self.contentLength = try self.announcedLength() }
        } else if unsafe bytes.starts(with: "HTTP/".utf8) {
            self.response = HTTPResponse(status: unsafe try Self.status(of: bytes))
        } else if unsafe bytes[0] == 0x20 || bytes[0] == 0x09 {
            self.unfold(unsafe String(decoding: bytes, as: UTF8.self))
        } else if let colon = unsafe bytes.firstIndex(of: UInt8(ascii: ":")) {
            self.append(
                name: unsafe String(decoding: bytes[..<colon], as: UTF8.self),
                value: unsafe String(decoding: bytes[(colon + 1)...], as: UTF8.self)
            )
        } else {
            throw FreshetError(.protocolViolation, "the server answered with a header line that is no field")
        }
    }

    private mutating func append(name: String, value: String) {
        // What is no name cannot be asked for either.
        guard let name = HTTPField.Name(name) else { return }
        self.response.headerFields.append(HTTPField(name: name, value: Self.trimmed(value)))
    }

    /// The value of the field before goes on (RFC 9112 5.2).
    private mutating func unfold(_ text: String) {
        guard let last = self.response.headerFields.popLast() else { return }
        self.append(name: last.name.rawName, value: "\(last.value) \(Self.trimmed(text))")
    }

    private static func trimmed(_ value: String) -> String {
        let utf8 = value.utf8
        guard let first = utf8.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
            let last = utf8.lastIndex(where: { $0 != 0x20 && $0 != 0x09 })
        else { return "" }
        return String(value[first...last])
    }

    /// `HTTP/1.1 200 OK`
    private static func status(of line: UnsafeRawBufferPointer) throws(FreshetError) -> HTTPResponse.Status {
        let parts = unsafe line.split(separator: 0x20, maxSplits: 2)
        guard unsafe parts.count > 1, unsafe parts[1].count == 3,
            let code = unsafe Int(String(decoding: parts[1], as: UTF8.self)), (100...999).contains(code)
        else {
            throw FreshetError(.protocolViolation, "the server answered with a status that HTTP does not have")
        }
        guard code != 101 else {
            throw FreshetError(.protocolViolation, "the server switches to another protocol, which was not asked for")
        }
        let reason = unsafe parts.count > 2 ? String(decoding: parts[2], as: UTF8.self) : ""
        return HTTPResponse.Status(code: code, reasonPhrase: reason)
    }

    /// Several lengths that differ are an attempt to have two of us see two bodies (RFC 9112 6.3).
    private func announcedLength() throws(FreshetError) -> Int? {
        let fields = self.response.headerFields
        guard !fields.contains(.transferEncoding) else { return nil }
        let lengths = Set(
            fields[values: .contentLength].flatMap { $0.split(separator: ",") }.map { Self.trimmed(String($0)) }
        )
        guard let text = lengths.first else { return nil }
        guard lengths.count == 1, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(text) else {
            throw FreshetError(
                .protocolViolation,
                lengths.count > 1
                    ? "the server announces several lengths for one body"
                    : "the server announces a length that no body can have"
            )
        }
        return length
    }
}
