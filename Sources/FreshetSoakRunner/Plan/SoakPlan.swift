// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetSoak

/// What a run is to do.
package struct SoakPlan: Sendable {
    /// A server that a run starts for itself.
    package enum LocalServer: String, Sendable, CaseIterable {
        /// The embedded GraphQL server.
        case graphql
        case etcd
        case nats
        /// The stand-ins of this package.
        case firestore, rtdb
    }

    /// What is soaked.
    package enum Place: Sendable {
        case local([LocalServer])
        case target(SoakTarget)
    }

    package var place: Place
    package var clients = 50
    /// How long faults are injected. With `inOrder` until they are over.
    package var duration: Duration = .seconds(60)
    package var seed: UInt64
    package var faults: FaultChoice
    package var inOrder = false
    /// Elements a second that each server publishes.
    package var rate = 10
    package var timing = ClientTiming()
    package var requirements: [Requirement] = []
    /// Where the history and the report go; nil: nowhere.
    package var directory: String?
    /// The line that does it again.
    package var reproduction: String?
    /// What is wrong with the clients on purpose, so that a test sees that it is found.
    package var planted: PlantedFault?

    package init(place: Place, seed: UInt64, faults: FaultChoice) {
        self.place = place
        self.seed = seed
        self.faults = faults
    }
}

/// How quick the clients of a run are. The defaults are quicker than a client's own, so that a fault takes seconds.
package struct ClientTiming: Sendable, Hashable {
    /// Silence after which the server is pinged, and after which it is given up.
    package var ping: Duration = .seconds(2)
    package var pong: Duration = .seconds(2)
    /// For each step of connecting.
    package var deadline: Duration = .seconds(3)
    package var backoff = Backoff(initial: .milliseconds(250), cap: .seconds(4))

    package init() {}

    package var keepAlive: Duration { self.ping + self.pong }
}
