// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Where a consumer stands: the stream's sequence number, and a time at which that stream was there. One that was made later is
/// another one, whatever its numbers are.
struct NATSPosition: Equatable {
    var sequence: UInt64
    /// In nanoseconds since 1970.
    var time: UInt64

    init(sequence: UInt64, time: UInt64) {
        self.sequence = sequence
        self.time = time
    }

    /// Before this message, wherever the stream stands: nothing that was there earlier is missed.
    static func before(_ sequence: UInt64) -> NATSPosition {
        NATSPosition(sequence: max(sequence, 1) - 1, time: .max)
    }

    /// Whether the feed has been there.
    var isReached: Bool { self.time != .max }

    init(_ delivery: NATSDelivery) {
        self.init(sequence: delivery.streamSequence, time: delivery.time)
    }

    init?(_ position: Position) {
        let parts = (position.text ?? "").split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = UInt64(parts[0]), sequence < UInt64.max, let time = UInt64(parts[1])
        else { return nil }
        self.init(sequence: sequence, time: time)
    }

    var position: Position { Position(text: "\(self.sequence)@\(self.time)") }
}
