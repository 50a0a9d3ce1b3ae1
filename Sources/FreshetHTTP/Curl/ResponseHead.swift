// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import HTTPTypes

/// The head of an answer, line by line as libcurl hands it out. Of several, as after a 1xx, the last one counts.
struct ResponseHead {
    private(set) var status = HTTPResponse.Status(code: 0)
    private(set) var isComplete = false
    /// The length of the body that the server announces, where it does and that counts (RFC 9112 6.3).
    private(set) var contentLength: Int?
    /// How the body is packed.
    private(set) var contentEncoding: String?
    private var fields = HTTPFields()
    // Noted as they come: to look a field up costs many times as much.
    private var lengths: [String] = []
    private var isChunked = false
    private var byteCount = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var response: HTTPResponse { HTTPResponse(status: self.status, headerFields: self.fields) }

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
            self.isComplete = self.status.kind != .informational
            if self.isComplete { self.contentLength = try self.announcedLength() }
        } else if unsafe bytes[0] == UInt8(ascii: "H"), unsafe bytes.starts(with: "HTTP/".utf8) {
            self.begin(unsafe try Self.status(of: bytes))
        } else if unsafe bytes[0] == 0x20 || bytes[0] == 0x09 {
            self.unfold(unsafe Self.trimmed(bytes))
        } else if let colon = unsafe bytes.firstIndex(of: UInt8(ascii: ":")) {
            self.append(
                name: unsafe String(decoding: bytes[..<colon], as: UTF8.self),
                value: unsafe Self.trimmed(UnsafeRawBufferPointer(rebasing: bytes[(colon + 1)...]))
            )
        } else {
            throw FreshetError(.protocolViolation, "the server answered with a header line that is no field")
        }
    }

    private mutating func begin(_ status: HTTPResponse.Status) {
        self.status = status
        (self.fields, self.lengths) = ([:], [])
        self.fields.reserveCapacity(16)
        (self.contentEncoding, self.isChunked) = (nil, false)
    }

    private mutating func append(name: String, value: String) {
        // What is no name cannot be asked for either.
        guard let name = HTTPField.Name(name) else { return }
        switch name {
        case .contentLength: self.lengths.append(value)
        case .contentEncoding: self.contentEncoding = self.contentEncoding.map { "\($0), \(value)" } ?? value
        case .transferEncoding: self.isChunked = true
        default: break
        }
        self.fields.append(HTTPField(name: name, value: value))
    }

    /// The value of the field before goes on (RFC 9112 5.2).
    private mutating func unfold(_ text: String) {
        guard let last = self.fields.popLast() else { return }
        self.append(name: last.name.rawName, value: "\(last.value) \(text)")
    }

    /// Without the spaces around it.
    private static func trimmed(_ value: UnsafeRawBufferPointer) -> String {
        var (first, end) = (0, value.count)
        while first < end, unsafe Self.isSpace(value[first]) { first += 1 }
        while end > first, unsafe Self.isSpace(value[end - 1]) { end -= 1 }
        return unsafe String(decoding: value[first..<end], as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// `HTTP/1.1 200 OK`
    private static func status(of line: UnsafeRawBufferPointer) throws(FreshetError) -> HTTPResponse.Status {
        let rest = unsafe line.drop { $0 != 0x20 }.drop { $0 == 0x20 }
        let digits = unsafe rest.prefix { $0 != 0x20 }
        guard unsafe digits.count == 3, let code = unsafe Int(String(decoding: digits, as: UTF8.self)),
            (100...999).contains(code)
        else {
            throw FreshetError(.protocolViolation, "the server answered with a status that HTTP does not have")
        }
        guard code != 101 else {
            throw FreshetError(.protocolViolation, "the server switches to another protocol, which was not asked for")
        }
        let reason = unsafe String(decoding: rest.dropFirst(4), as: UTF8.self)
        return HTTPResponse.Status(code: code, reasonPhrase: reason)
    }

    /// Several lengths that differ are an attempt to have two of us see two bodies (RFC 9112 6.3).
    private func announcedLength() throws(FreshetError) -> Int? {
        guard !self.isChunked, let text = self.lengths.first else { return nil }
        if self.lengths.count == 1, let length = Self.length(text[...]) { return length }
        let lengths = Set(self.lengths.joined(separator: ",").split { ", \t".contains($0) })
        guard lengths.count == 1, let length = lengths.first.flatMap({ Self.length($0) }) else {
            throw FreshetError(
                .protocolViolation,
                lengths.count > 1
                    ? "the server announces several lengths for one body"
                    : "the server announces a length that no body can have"
            )
        }
        return length
    }

    private static func length(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}
