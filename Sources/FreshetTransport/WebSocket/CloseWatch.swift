// SPDX-License-Identifier: Apache-2.0

/// When to give up a close of ours: a second after the peer has taken what was sent before and our close frame, which it has to
/// answer; later than that as long as they still wait for a slow peer, but not for one that takes nothing.
///
/// It counts looks, and not time: a process that was held up has not looked.
package struct CloseWatch: Sendable {
    /// How often to look.
    package static let interval: Duration = .milliseconds(250)
    /// How long a peer may take to answer our close frame.
    package static let answer: Duration = .seconds(1)

    private let patience: Duration
    private var untaken: Int
    /// How long nothing has been taken.
    private var idle: Duration = .zero

    /// - Parameters:
    ///   - patience: how long a peer may take nothing, while something still waits to go out.
    ///   - untaken: how many bytes it has not taken yet, in the kernel too.
    package init(patience: Duration, untaken: Int) {
        self.patience = max(patience, Self.answer)
        self.untaken = untaken
    }

    /// Looks.
    ///
    /// - Parameters:
    ///   - untaken: how many bytes the peer has not taken.
    ///   - isWaiting: whether some of them have not even gone out.
    /// - Returns: whether the time is up.
    package mutating func isOver(untaken: Int, isWaiting: Bool) -> Bool {
        self.idle = untaken < self.untaken ? .zero : self.idle + Self.interval
        self.untaken = untaken
        return self.idle >= (isWaiting ? self.patience : Self.answer)
    }
}
