// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FoundationEssentials

/// The body of a request or of a reply: bytes that are there, or that come one piece after another.
public struct HTTPBody: Sendable {
    enum Content: Sendable {
        case bytes(Bytes)
        case stream(@Sendable () -> any HTTPBodyReader)
    }

    let content: Content

    /// How many bytes it has, where that is known.
    public let length: Int?

    /// No bytes.
    public init() {
        self.init(Bytes(copying: []))
    }

    /// Bytes that are there.
    ///
    /// - Parameter bytes: the bytes.
    public init(_ bytes: Bytes) {
        self.content = .bytes(bytes)
        self.length = bytes.count
    }

    /// Bytes that are there.
    ///
    /// - Parameter bytes: the bytes, which are copied.
    public init(_ bytes: some Collection<UInt8>) {
        self.init(Bytes(copying: bytes))
    }

    /// Bytes that come one piece after another. It is read once: such a request is not sent again after a failure.
    ///
    /// - Parameters:
    ///   - stream: the pieces; what it throws ends the request.
    ///   - length: how many bytes there will be; nil: unknown, and sent in chunks.
    public init<Stream: AsyncSequence & Sendable>(_ stream: Stream, length: Int? = nil) where Stream.Element == Bytes {
        self.content = .stream { HTTPSequenceReader(stream) }
        self.length = length
    }

    init(length: Int?, reader: @escaping @Sendable () -> any HTTPBodyReader) {
        self.content = .stream(reader)
        self.length = length
    }

    /// A value as JSON.
    ///
    /// - Parameter value: what to encode.
    /// - Returns: the body.
    /// - Throws: `.invalidInput` when the value has no JSON.
    public static func json(_ value: some Encodable) throws(FreshetError) -> HTTPBody {
        do {
            return HTTPBody(try JSONEncoder().encode(value))
        } catch {
            throw FreshetError(.invalidInput, "a \(type(of: value)) cannot be written as JSON")
        }
    }

    /// Whether it can be sent, or read, more than once.
    public var isReplayable: Bool {
        if case .bytes = self.content { true } else { false }
    }

    /// The bytes, where they are there without waiting.
    public var bytes: Bytes? {
        if case .bytes(let bytes) = self.content { bytes } else { nil }
    }

    /// All of it in one piece.
    ///
    /// - Parameters:
    ///   - limit: how many bytes there may be.
    ///   - isolation: where the caller runs; there is no hop.
    /// - Returns: the bytes.
    /// - Throws: `.messageTooLarge` beyond the limit, or why the body broke off.
    public func collect(
        upTo limit: Int = .max,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(FreshetError) -> Bytes {
        if case .bytes(let bytes) = self.content, bytes.count <= limit { return bytes }
        var iterator = self.makeAsyncIterator()
        var first: Bytes?
        var all: [UInt8] = []
        while let piece = try await iterator.next(isolation: isolation) {
            guard all.count + (first?.count ?? 0) + piece.count <= limit else {
                throw FreshetError(
                    .messageTooLarge,
                    "the body is larger than \(limit) bytes",
                    hint: "raise the limit, or read it as it comes"
                )
            }
            // Most often there is only one.
            if first == nil, all.isEmpty {
                first = piece
            } else {
                if let only = first { all = only.array }
                first = nil
                piece.append(to: &all)
            }
        }
        return first ?? Bytes(copying: all)
    }
}

extension HTTPBody: AsyncSequence {
    /// Bodies throw one kind of error, once.
    public typealias Failure = FreshetError

    /// Makes an iterator over the pieces.
    public func makeAsyncIterator() -> Iterator {
        switch self.content {
        case .bytes(let bytes): Iterator(reader: HTTPBytesReader(bytes))
        case .stream(let reader): Iterator(reader: reader())
        }
    }

    /// Takes a body's pieces.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: any HTTPBodyReader

        /// The next piece, or nil at the end.
        ///
        /// - Returns: the piece; nil at the end.
        /// - Throws: why the body broke off.
        public mutating func next() async throws(FreshetError) -> Bytes? {
            try await self.reader.next(isolation: nil)
        }

        /// The next piece, or nil at the end.
        ///
        /// - Parameter isolation: where the caller runs; there is no hop.
        /// - Returns: the piece; nil at the end.
        /// - Throws: why the body broke off.
        public mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Bytes? {
            try await self.reader.next(isolation: isolation)
        }
    }
}
