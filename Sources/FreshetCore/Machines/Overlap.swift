// SPDX-License-Identifier: Apache-2.0

/// One subscription on two connections at once: what came on the old one is handed out, what came on the new one is held,
/// until it is known where in the old stream the new one begins.
///
/// Elements with keys are the same when their keys are. Without keys their bytes have to be: then the end of the old stream
/// is searched for the beginning of the new one.
package struct Overlap: Sendable {
    /// What may be held; beyond it the overlap cannot be waited for any longer.
    package static let limit = 4096

    /// Where the new subscription began: if that is the old one's position, nothing can fall between them.
    package let position: Position?
    private let byKey: Bool
    /// What the new one may send again, because its position is before the last element that came on the old one.
    private let repeated: [JSONValue]
    /// What identifies the elements that came on the old connection since the new one was subscribed.
    private(set) package var old: [JSONValue] = []
    private(set) package var held: [MarkedUpdate] = []
    /// The same of what is held: made once, for they are compared again and again.
    private var new: [JSONValue] = []
    private(set) package var isConfirmed = false

    /// - Parameters:
    ///   - position: where the new subscription begins; nil: anywhere.
    ///   - byKey: whether keys tell elements apart.
    ///   - repeated: the keys of what the old one had from that position on.
    package init(from position: Position? = nil, byKey: Bool = true, repeated: [JSONValue] = []) {
        self.position = position
        self.byKey = byKey
        self.repeated = repeated
    }

    package mutating func cameOnOld(_ updates: [MarkedUpdate]) {
        self.old += updates.map { $0.identity(byKey: self.byKey) }
    }

    package mutating func cameOnNew(_ updates: [MarkedUpdate]) {
        self.isConfirmed = true
        self.held += updates
        if self.position == nil { self.new += updates.map { $0.identity(byKey: self.byKey) } }
    }

    /// The server has read the new subscription.
    package mutating func confirmed() { self.isConfirmed = true }

    package var isOverfull: Bool { self.held.count > Self.limit || self.old.count > Self.limit }

    /// Whether the new connection can take over without a gap.
    ///
    /// - Parameter afterLastWord: whether all has come that the old connection had to say when the new one was known to be
    ///   subscribed. Then nothing can fall between the two.
    /// - Returns: whether it can.
    package func canTakeOver(afterLastWord: Bool) -> Bool {
        self.isConfirmed && (self.position != nil || afterLastWord || self.alignment != nil)
    }

    /// What is left of the new stream, and what may still come on it that was handed out already. Nil: nobody knows.
    package func takeOver(afterLastWord: Bool) -> (updates: [MarkedUpdate], repeated: [JSONValue])? {
        if self.position != nil { return (self.held, self.repeated + self.old) }
        guard self.canTakeOver(afterLastWord: afterLastWord) else { return nil }
        // Nothing in common yet. What comes again will do so once.
        guard let begin = self.alignment else { return (self.held, Array(Set(self.old))) }
        // Below zero: the new stream began earlier than the old one, which is where the feed began.
        let covered = self.old.count - begin
        if covered <= self.held.count { return (Array(self.held[covered...]), []) }
        return ([], Array(self.old[(begin + self.held.count)...]))
    }

    /// Where in the old stream the new one begins, counted from the old one's beginning; the latest such place: rather
    /// twice than never.
    private var alignment: Int? {
        guard !self.new.isEmpty, !self.old.isEmpty else { return nil }
        let new = self.new
        for begin in (1 - new.count..<self.old.count).reversed() {
            let (inOld, inNew) = (max(begin, 0), max(-begin, 0))
            let length = min(self.old.count - inOld, new.count - inNew)
            if self.old[inOld..<inOld + length].elementsEqual(new[inNew..<inNew + length]) { return begin }
        }
        return nil
    }
}
