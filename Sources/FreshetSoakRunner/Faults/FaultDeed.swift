// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

/// What a fault does to one server, or to its clients: how it begins, how long it lasts, how it ends.
struct FaultDeed: Sendable {
    var hold: Duration
    var begin: @Sendable () async throws(FreshetError) -> Void
    var end: @Sendable () async throws(FreshetError) -> Void

    init(
        hold: Duration = .zero,
        begin: @escaping @Sendable () async throws(FreshetError) -> Void,
        end: @escaping @Sendable () async throws(FreshetError) -> Void = { () async throws(FreshetError) in }
    ) {
        self.hold = hold
        self.begin = begin
        self.end = end
    }
}

extension FaultProxy {
    /// A network that is like this for a while.
    func deed(hold: Duration, _ change: @escaping @Sendable (inout NetworkConditions) -> Void) -> FaultDeed {
        FaultDeed(hold: hold) { () async throws(FreshetError) in
            change(&self.conditions)
        } end: { () async throws(FreshetError) in
            self.conditions = NetworkConditions()
        }
    }

    /// These rules for a while, after which some connections are cut, so that they meet them.
    func deed(
        hold: Duration,
        _ rules: [FaultRule],
        cutting connections: @escaping @Sendable () -> [Int] = { [] }
    ) -> FaultDeed {
        FaultDeed(hold: hold) { () async throws(FreshetError) in
            for rule in rules { try self.add(rule) }
            for connection in connections() { self.cut(.reset, connection: connection) }
        } end: { () async throws(FreshetError) in
            self.removeRules()
        }
    }
}
