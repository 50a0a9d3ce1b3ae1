// SPDX-License-Identifier: Apache-2.0

/// How large an answer may be.
public struct HTTPLimits: Sendable, Hashable {
    /// Header fields, all together, in bytes: 64 KiB.
    public var headers: Int
    /// The body, in bytes, after decompression: 16 MiB. Nil: no limit, for a stream that is read as it comes.
    public var body: Int?

    /// Makes limits.
    ///
    /// - Parameters:
    ///   - headers: header fields, all together, in bytes.
    ///   - body: the body, in bytes, after decompression; nil: no limit.
    public init(headers: Int = 64 << 10, body: Int? = 16 << 20) {
        self.headers = headers
        self.body = body
    }
}
