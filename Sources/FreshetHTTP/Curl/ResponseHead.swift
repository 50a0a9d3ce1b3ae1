// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import HTTPTypes

/// The head of an answer, line by line as libcurl hands it out. Of several, as after a 1xx, the last one counts.
struct ResponseHead {
    private(set) var response = HTTPResponse(status: .init(code: 0))
    private(set) var isComplete = false
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
        } else if unsafe bytes.starts(with: "HTTP/".utf8) {
            self.response = HTTPResponse(status: unsafe try Self.status(of: bytes))
        } else if let colon = unsafe bytes.firstIndex(of: UInt8(ascii: ":")) {
            self.append(
                name: unsafe String(decoding: bytes[..<colon], as: UTF8.self),
                value: unsafe String(decoding: bytes[(colon + 1)...], as: UTF8.self)
            )
        }
    }

    private mutating func append(name: String, value: String) {
        // What is no name cannot be asked for either.
        guard let name = HTTPField.Name(name) else { return }
        self.response.headerFields.append(HTTPField(name: name, value: Self.trimmed(value)))
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
        guard unsafe parts.count > 1, let code = unsafe Int(String(decoding: parts[1], as: UTF8.self)),
            (100...999).contains(code), code != 101
        else {
            throw FreshetError(.protocolViolation, "the server answered with a status that HTTP does not have")
        }
        let reason = unsafe parts.count > 2 ? String(decoding: parts[2], as: UTF8.self) : ""
        return HTTPResponse.Status(code: code, reasonPhrase: reason)
    }

    /// The length that the server announces, where it does.
    var contentLength: Int? {
        self.response.headerFields[.contentLength].flatMap { Int($0) }
    }
}
