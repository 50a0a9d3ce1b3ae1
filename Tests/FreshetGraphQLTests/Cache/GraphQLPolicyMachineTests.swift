// SPDX-License-Identifier: Apache-2.0

import FreshetGraphQL
import Testing

struct GraphQLPolicyMachineTests {
    /// Everything that is done with a cache and a server like that, as one line.
    private func run(_ policy: GraphQLCachePolicy, hit: Bool, fetched: Bool) -> [String] {
        let machine = GraphQLPolicyMachine(policy)
        var log: [String] = []
        var events: [GraphQLPolicyMachine.Event] = [.began]
        while !events.isEmpty {
            for action in machine.on(events.removeFirst()) {
                log.append("\(action)")
                if action == .read { events.append(hit ? .hit : .miss) }
                if action == .fetch { events.append(fetched ? .fetched : .failed) }
            }
        }
        return log
    }

    @Test(
        "What a query does is what its policy says",
        arguments: [
            (.cacheFirst, true, true, "read emit finish"), (.cacheFirst, true, false, "read emit finish"),
            (.cacheFirst, false, true, "read fetch emit finish"),
            (.cacheFirst, false, false, "read fetch failFetching"),
            (.networkFirst, true, true, "fetch emit finish"), (.networkFirst, false, true, "fetch emit finish"),
            (.networkFirst, true, false, "fetch read emit finish"),
            (.networkFirst, false, false, "fetch read failFetching"),
            (.networkOnly, true, true, "fetch emit finish"), (.networkOnly, true, false, "fetch failFetching"),
            (.networkOnly, false, false, "fetch failFetching"),
            (.cacheOnly, true, true, "read emit finish"), (.cacheOnly, false, true, "read failMissing"),
            (.cacheAndNetwork, true, true, "read emit fetch emit finish"),
            (.cacheAndNetwork, true, false, "read emit fetch failFetching"),
            (.cacheAndNetwork, false, true, "read fetch emit finish"),
            (.cacheAndNetwork, false, false, "read fetch failFetching"),
        ] as [(GraphQLCachePolicy, Bool, Bool, String)]
    )
    func table(_ policy: GraphQLCachePolicy, _ hit: Bool, _ fetched: Bool, _ what: String) {
        #expect(run(policy, hit: hit, fetched: fetched).joined(separator: " ") == what)
    }
}
