// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The user of the feeds is signed out.
struct SignedOutTests {
    private static let error = FreshetError(.unauthorized, "the user has signed out")

    @Test(
        "Wherever it is, every feed ends, the connection is closed, and nothing is tried again",
        arguments: Stage.allCases
    )
    func ends(_ stage: Stage) {
        var driver = stage.driver
        let actions = driver.on(.signedOut(Self.error))
        let isWanted = ![.idle, .closing, .closed].contains(stage)
        #expect(actions.contains(.fail(Self.error)) == isWanted)
        let hadSocket = [
            .dialing, .acknowledging, .live, .successorAsking, .successorDialing, .successorAcknowledging,
            .overlapping,
        ].contains(stage)
        #expect(actions.contains(.closeSocket(1)) == hadSocket)
        // The feeds that have ended do not want a connection any more.
        _ = driver.on(.unwanted)
        let ends = driver.ended(.ours)
        let dials = (actions + ends).contains { action in
            switch action {
            case .dial, .askCredentials: true
            default: false
            }
        }
        #expect(!dials)
    }

    @Test("The next feed begins anew: credentials are asked for, and a failure is the first one")
    func anew() {
        var driver = Stage.parked.driver
        _ = driver.on(.signedOut(Self.error))
        _ = driver.on(.unwanted)
        #expect(
            driver.on(.wanted) == [
                .report(.connecting(attempt: 1)), .start(.credentials, .seconds(10), 2),
                .askCredentials(2, .connecting),
            ]
        )
    }
}
