// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import HTTPTypes

/// The head of an answer, line by line as libcurl hands it out. Of several, as after a 1xx, the last one counts.
struct ResponseHead {
    private struct Place {
        let start: Int
        let colon: Int
        var end: Int
    }

    private(set) var status = HTTPResponse.Status(code: 0)
    private(set) var isComplete = false
    /// The length of the body that the server announces, where it does and that counts (RFC 9112 6.3).
    private(set) var contentLength: Int?
    /// How the body is packed.
    private(set) var contentEncoding: String?
    // Lines, and where each is. They are made into fields by who wants to see them: that takes longer than all else that a
    // head costs, and the thread that reads it works for others too.
    private var lines: [UInt8] = []
    private var places: [Place] = []
    private var byteCount = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The status and the fields. What is no name cannot be asked for, and is left out.
    var response: HTTPResponse {
        var fields = HTTPFields()
        fields.reserveCapacity(self.places.count)
        for place in self.places {
            let name = String(decoding: self.lines[place.start..<place.colon], as: UTF8.self)
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: self.value(at: place)))
        }
        return HTTPResponse(status: self.status, headerFields: fields)
    }

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
            if self.isComplete { try self.readAboutBody() }
        } else if unsafe bytes[0] == UInt8(ascii: "H"), unsafe bytes.starts(with: "HTTP/".utf8) {
            self.status = unsafe try Self.status(of: bytes)
            (self.lines, self.places) = ([], [])
            self.lines.reserveCapacity(512)
            self.places.reserveCapacity(16)
        } else if unsafe bytes[0] == 0x20 || bytes[0] == 0x09 {
            // The value of the field before goes on (RFC 9112 5.2).
            guard !self.places.isEmpty else { return }
            self.lines.append(0x20)
            unsafe self.lines.append(contentsOf: bytes.drop { Self.isSpace($0) })
            self.places[self.places.count - 1].end = self.lines.count
        } else if let colon = unsafe bytes.firstIndex(of: UInt8(ascii: ":")) {
            let start = self.lines.count
            unsafe self.lines.append(contentsOf: bytes)
            self.places.append(Place(start: start, colon: start + colon, end: self.lines.count))
        } else {
            throw FreshetError(.protocolViolation, "the server answered with a header line that is no field")
        }
    }

    /// Without the spaces around it.
    private func value(at place: Place) -> String {
        var (first, end) = (place.colon + 1, place.end)
        while first < end, Self.isSpace(self.lines[first]) { first += 1 }
        while end > first, Self.isSpace(self.lines[end - 1]) { end -= 1 }
        return String(decoding: self.lines[first..<end], as: UTF8.self)
    }

    /// Whether it is this one, given in small letters.
    private func isName(_ name: StaticString, at place: Place) -> Bool {
        guard place.colon - place.start == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { unsafe zip(self.lines[place.start...], $0).allSatisfy { $0 | 0x20 == $1 } }
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

    /// What the thread itself has to know of the fields.
    private mutating func readAboutBody() throws(FreshetError) {
        var (lengths, codings, isChunked) = ([String](), [String](), false)
        for place in self.places {
            if self.isName("content-length", at: place) { lengths.append(self.value(at: place)) }
            if self.isName("content-encoding", at: place) { codings.append(self.value(at: place)) }
            if self.isName("transfer-encoding", at: place) { isChunked = true }
        }
        self.contentEncoding = codings.isEmpty ? nil : codings.joined(separator: ", ")
        self.contentLength = isChunked ? nil : try Self.length(of: lengths)
    }

    /// Several lengths that differ are an attempt to have two of us see two bodies (RFC 9112 6.3).
    private static func length(of fields: [String]) throws(FreshetError) -> Int? {
        guard let first = fields.first else { return nil }
        if fields.count == 1, let length = Self.length(first[...]) { return length }
        let lengths = Set(fields.joined(separator: ",").split { ", \t".contains($0) })
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
