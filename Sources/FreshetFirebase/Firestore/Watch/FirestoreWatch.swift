// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Freshet
package import FreshetCore

/// All targets of one stream, as one value: the server's messages in, and what each listener is to be told out.
///
/// What the server says of documents is kept until it says that everything up to a moment was sent, for all targets at once: only
/// then is a target's change told, as one. Each target has a number of its own that is never used again on the stream, so nothing
/// that was on its way for another one can be taken for its own.
package struct FirestoreWatch: Sendable {
    package enum Output: Sendable {
        /// The whole state at the beginning, or what differs from what was told before.
        case changed(SubscriptionID, Bytes, isFirst: Bool)
        /// The server does not let this listener watch, and why.
        case failed(SubscriptionID, FreshetError)
        /// The server has ended this target for no reason of the listener's.
        case interrupted(SubscriptionID, FreshetError)
        case send(String)
        /// The stream is over.
        case over(FreshetError)
        case odd(String)
    }

    enum Change: Sendable {
        case put(Bytes, version: String)
        case remove
    }

    struct Target: Sendable {
        let listener: SubscriptionID
        let request: FirestoreTarget
        /// What has come since the last change that was told.
        var changes: [String: Change] = [:]
        /// Whether what has come is all that there is.
        var isReset: Bool
        /// Whether the server has sent all that it has.
        var isCurrent = false
        /// Whether it was told so on this stream.
        var isRaised = false
        /// What the server will go on from, when this has been told.
        var token: String?
        /// Whether it is asked for without a token because what was held did not fit.
        var isSecondAttempt = false
    }

    private(set) var targets: [Int: Target] = [:]
    private var numbers: [SubscriptionID: Int] = [:]
    private var lastNumber = 0
    private var lastRead: FirestoreTimestamp?

    package init() {}

    /// How many targets there are.
    package var count: Int { self.targets.count }

    // MARK: - Listeners

    /// Adds a target.
    ///
    /// - Parameters:
    ///   - listener: who listens.
    ///   - request: to what.
    ///   - isResumed: whether he knows what the memory has; otherwise he begins anew.
    /// - Returns: what to send.
    package mutating func listen(_ listener: SubscriptionID, to request: FirestoreTarget, isResumed: Bool) -> String {
        if !isResumed { request.memory.change { $0 = FirestoreTargetMemory.State() } }
        if let old = self.numbers[listener] { self.targets[old] = nil }
        return self.add(listener, request)
    }

    mutating func add(_ listener: SubscriptionID, _ request: FirestoreTarget, why: String? = nil) -> String {
        let memory = request.memory.current
        self.lastNumber += 2
        self.numbers[listener] = self.lastNumber
        self.targets[self.lastNumber] = Target(
            listener: listener,
            request: request,
            isReset: memory.token == nil,
            isSecondAttempt: why != nil
        )
        return FirestoreListen.add(
            self.lastNumber,
            request.content,
            from: memory.token,
            holding: memory.versions.count,
            why: why
        ).json
    }

    /// Removes a target: what still comes of it is not looked at.
    ///
    /// - Parameter listener: who listened.
    /// - Returns: what to send; nil when the server has nothing of it.
    package mutating func leave(_ listener: SubscriptionID) -> String? {
        guard let number = self.numbers.removeValue(forKey: listener),
            let target = self.targets.removeValue(forKey: number)
        else { return nil }
        return FirestoreListen.remove(number, in: target.request.content.database).json
    }

    // MARK: - The server

    /// Takes a message; nil when it is none of Firestore's.
    package mutating func receive(_ json: Bytes) -> [Output]? {
        guard let message = FirestoreWatchMessage.reading(json) else { return nil }
        switch message {
        case .target(let change): return self.targetChanged(change)
        case .changed(let document, let name, let version, let targets, let removed):
            for number in removed { self.targets[number]?.changes[name] = .remove }
            for number in targets where self.targets[number] != nil {
                self.targets[number]?.changes[name] = .put(document.detached(), version: version)
            }
            return []
        case .removed(let name, let targets):
            for number in targets { self.targets[number]?.changes[name] = .remove }
            return []
        case .filter(let filter): return self.compare(filter)
        case .error(let status): return [.over(status.streamError)]
        case .unknown: return [.odd("Firestore said something of a kind that is not known")]
        }
    }

    private mutating func targetChanged(_ change: FirestoreWatchMessage.TargetChange) -> [Output] {
        let numbers = change.targets.isEmpty ? Array(self.targets.keys) : change.targets
        switch change.kind {
        case .add, .none: break
        case .current: for number in numbers { self.targets[number]?.isCurrent = true }
        case .reset:
            for number in numbers {
                self.targets[number]?.changes = [:]
                self.targets[number]?.isReset = true
                self.targets[number]?.isCurrent = false
                self.targets[number]?.token = nil
            }
        case .remove: return numbers.sorted().compactMap { self.removed($0, change.cause) }
        }
        if let token = change.token {
            for number in numbers { self.targets[number]?.token = token }
        }
        guard change.kind == .none, change.targets.isEmpty, let time = change.readTime else { return [] }
        if let lastRead, time < lastRead { return [] }
        self.lastRead = time
        return self.raise(at: time)
    }

    private mutating func removed(_ number: Int, _ cause: FirestoreWatchMessage.TargetChange.Cause?) -> Output? {
        guard let target = self.targets.removeValue(forKey: number) else { return nil }
        self.numbers[target.listener] = nil
        guard let cause else {
            let error = FreshetError(.interrupted, "Firestore has ended a watch and not said why")
            return .interrupted(target.listener, error)
        }
        let status = FirestoreStatus(number: cause.code ?? 2, message: cause.message ?? "")
        return .failed(target.listener, status.watchError)
    }

    /// Everything up to a moment has come.
    private mutating func raise(at time: FirestoreTimestamp) -> [Output] {
        var outputs: [Output] = []
        var changed: [Int] = []
        for (number, target) in self.targets where target.isCurrent {
            guard target.changes.isEmpty, !target.isReset, target.isRaised else {
                changed.append(number)
                continue
            }
            if let token = target.token { target.request.memory.change { $0.token = token } }
        }
        for number in changed.sorted() {
            if let target = self.targets[number] { outputs += self.raise(number, target, at: time) }
        }
        return outputs
    }

    private mutating func raise(_ number: Int, _ target: Target, at time: FirestoreTimestamp) -> [Output] {
        let memory = target.request.memory
        let (isFirst, difference) = memory.change { state in
            let isFirst = !state.isKnown
            state.isKnown = true
            if let token = target.token { state.token = token }
            return (isFirst, Self.apply(target, to: &state.versions))
        }
        self.targets[number]?.changes = [:]
        self.targets[number]?.isReset = false
        self.targets[number]?.isRaised = true
        let isWorthTelling = isFirst || !difference.isEmpty || target.request.hearsMetadata && !target.isRaised
        guard isWorthTelling else { return [] }
        let payload = difference.payload(token: target.token ?? "", time: time)
        return [.changed(target.listener, payload, isFirst: isFirst)]
    }

    /// What differs from what was known. A server that sends everything once more has changed nothing by that.
    private static func apply(_ target: Target, to versions: inout [String: String]) -> FirestoreDifference {
        var difference = FirestoreDifference()
        if target.isReset {
            for name in versions.keys.sorted() {
                if case .put? = target.changes[name] { continue }
                versions[name] = nil
                difference.removed.append(name)
            }
        }
        for (name, change) in target.changes.sorted(by: { $0.key < $1.key }) {
            switch change {
            case .put(let document, let version):
                guard versions.updateValue(version, forKey: name) != version else { continue }
                difference.documents.append(document)
            case .remove:
                if versions.removeValue(forKey: name) != nil { difference.removed.append(name) }
            }
        }
        return difference
    }

    /// Removes a target that is asked for again under another number.
    mutating func forget(_ number: Int) { self.targets[number] = nil }

    mutating func remove(_ names: [String], from number: Int) {
        for name in names { self.targets[number]?.changes[name] = .remove }
    }
}
