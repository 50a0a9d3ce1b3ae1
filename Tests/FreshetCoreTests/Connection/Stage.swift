// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Where a connection machine can be.
enum Stage: CaseIterable {
    case idle, asking, dialing, acknowledging, live, waiting, parked, suspended, closing, closed
    /// Live, with a successor that is asked credentials for, dialled, acknowledged, subscribed.
    case successorAsking, successorDialing, successorAcknowledging, overlapping

    /// One connection, and credentials that do not end, or none.
    static let simple: [Stage] = [.idle, .dialing, .acknowledging, .live, .waiting, .closing, .closed]

    /// Two connections, of which the older is live with epoch 1 and the newer has epoch 2.
    static let rotating: [Stage] = [.successorAsking, .successorDialing, .successorAcknowledging, .overlapping]

    private var hasCredentials: Bool { !Stage.simple.contains(self) && self != .suspended }

    /// When the connection is to be replaced, in those stages: a minute before the credentials' end.
    static let rotation: Duration = .seconds(340)

    /// A machine of unlimited attempts that is there, at time zero, or at 340 s with a successor.
    var driver: ConnectionDriver { driver(ConnectionPolicy()) }

    func driver(_ policy: ConnectionPolicy) -> ConnectionDriver {
        var driver = ConnectionDriver(policy, hasCredentials: hasCredentials)
        if self == .idle { return driver }
        _ = driver.on(.wanted)
        switch self {
        case .idle, .asking, .dialing: break
        case .acknowledging: _ = driver.opened()
        case .live: driver.connect()
        case .waiting:
            driver.connect()
            _ = driver.ended(.goingAway)
        case .parked: _ = driver.ended(.failure(FreshetError(.unauthorized, "signed out")))
        case .suspended:
            _ = driver.on(.hint(.suspend))
            _ = driver.ended(.ours)
        case .closing: _ = driver.on(.unwanted)
        case .closed: _ = driver.on(.close)
        case .successorAsking, .successorDialing, .successorAcknowledging, .overlapping: rotate(&driver)
        }
        return driver
    }

    private func rotate(_ driver: inout ConnectionDriver) {
        driver.connect(lifetime: .seconds(400))
        driver.now = Self.rotation
        _ = driver.fired(.rotate)
        if self == .successorAsking { return }
        _ = driver.credentials(lifetime: .seconds(400))
        if self == .successorDialing { return }
        _ = driver.opened()
        if self == .overlapping { _ = driver.ready() }
    }
}
