// SPDX-License-Identifier: Apache-2.0

/// What happens when, and how often: a rule of a ``FaultProxy``.
///
/// ```swift
/// try proxy.add(FaultRule(.upgrade(), .refuse(503, headers: [HTTPHeader("Retry-After", "1")]), times: 3))
/// try proxy.add(FaultRule(.frame(.toClient, containing: #""n":5"#), .drop))
/// ```
public struct FaultRule: Sendable, Hashable {
    /// What it waits for.
    public var match: FaultMatch
    /// What it does then.
    public var action: FaultAction
    /// How many matches it lets pass first.
    public var skipping: Int
    /// How often it acts; nil for every time.
    public var times: Int?

    /// Makes a rule.
    ///
    /// - Parameters:
    ///   - match: what it waits for.
    ///   - action: what it does then.
    ///   - skipping: how many matches it lets pass first.
    ///   - times: how often it acts; nil for every time.
    public init(_ match: FaultMatch, _ action: FaultAction, skipping: Int = 0, times: Int? = 1) {
        self.match = match
        self.action = action
        self.skipping = skipping
        self.times = times
    }
}

extension FaultRule {
    /// No ping is answered any more (`ws.no-pong`), until the rule is removed.
    public static let noPong = FaultRule(.frame(.toClient, kind: .pong), .drop, times: nil)

    /// Whoever closes is not answered (`ws.close-unanswered`), until the rule is removed: the server does not hear of it.
    public static let noCloseAnswer = FaultRule(.frame(.toServer, kind: .close), .drop, times: nil)
}
