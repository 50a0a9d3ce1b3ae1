// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// A message of a stream.
public struct NATSMessage<Value: Sendable>: Sendable {
    /// Where it was published.
    public let subject: String
    /// Its number in the stream. Numbers go up; holes are normal where messages were deleted, or others are asked for.
    public let sequence: UInt64
    /// When the stream has stored it, in nanoseconds since 1970.
    public let time: UInt64
    /// Its headers, in order.
    public let headers: [NATSHeader]
    /// What is in it.
    public let value: Value

    /// Makes a message, as a test of your own might.
    ///
    /// - Parameters:
    ///   - subject: where it was published.
    ///   - sequence: its number in the stream.
    ///   - time: when the stream has stored it, in nanoseconds since 1970.
    ///   - headers: its headers.
    ///   - value: what is in it.
    public init(subject: String, sequence: UInt64, time: UInt64 = 0, headers: [NATSHeader] = [], value: Value) {
        self.subject = subject
        self.sequence = sequence
        self.time = time
        self.headers = headers
        self.value = value
    }
}

/// A header of a message.
public struct NATSHeader: Sendable, Hashable {
    /// Its name; case matters.
    public let name: String
    /// Its value.
    public let value: String

    /// Makes a header.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - value: its value, in one line.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a stream says when it has stored a message.
public struct NATSReceipt: Sendable, Hashable {
    /// The message's number in the stream.
    public let sequence: UInt64
    /// Whether it was there already, by its id.
    public let isDuplicate: Bool

    /// Makes a receipt, as a test of your own might.
    ///
    /// - Parameters:
    ///   - sequence: the message's number in the stream.
    ///   - isDuplicate: whether it was there already.
    public init(sequence: UInt64, isDuplicate: Bool = false) {
        self.sequence = sequence
        self.isDuplicate = isDuplicate
    }
}

/// Where a feed of a stream begins.
public enum NATSStart: Sendable, Hashable {
    /// With the first message that the stream has.
    case first
    /// With what is published from now on.
    case new
    /// With this message, or the next one that there is.
    case sequence(UInt64)
    /// After the position of an earlier feed, in this process or another one.
    case after(Position)
}

/// What is in a stream.
public struct NATSStreamState: Sendable, Hashable {
    /// How many messages.
    public let messages: UInt64
    /// The numbers of the first and of the last; of an empty stream, of the next and of the last that there was.
    public let firstSequence: UInt64
    /// The number of the last one.
    public let lastSequence: UInt64
}
