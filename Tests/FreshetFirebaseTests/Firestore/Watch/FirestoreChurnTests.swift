// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase
import FreshetTestSupport
import Testing

/// Watches that come and go by the thousand, on the stand-in.
@Suite(.timeLimit(.minutes(2)))
struct FirestoreChurnTests {
    @Test("A thousand watches on one stream, thousands that come and go: no number twice, and nothing is left")
    func churn() async throws {
        let standIn = FirestoreStandIn()
        for index in 0..<50 { standIn.write("users/u\(index)", StandInWriter.number(index)) }
        let firestore = FirestoreStandInTests.client(standIn)
        let told = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<1000 {
                group.addTask {
                    for try await snapshot in firestore.document("users/u\(index % 60)").snapshots() {
                        told.withLock { $0 += 1 }
                        if snapshot.document?["n"] == 1000 { break }
                    }
                }
            }
            for _ in 0..<10 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<100 {
                        group.addTask {
                            var iterator = firestore.document("users/u\(index % 60)").snapshots().makeAsyncIterator()
                            _ = try await iterator.next()
                        }
                    }
                    try await group.waitForAll()
                }
            }
            for index in 0..<60 { standIn.write("users/u\(index)", StandInWriter.number(1000)) }
            try await group.waitForAll()
        }
        #expect(told.withLock { $0 } >= 1000)
        #expect(standIn.violations.isEmpty)
        #expect(standIn.sessionCount == 1)
        await firestore.close()
        #expect(await FirestoreStandInTests.isLeft(standIn))
        #expect(standIn.targets == 0)
    }
}
