// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetTestSupport
import Testing

/// `freshet watch` as shells and terminals use it: what it reads, what it is told by signals, what it says before it ends.
@Suite(.timeLimit(.minutes(2)))
struct WatchCommandTests {
    @Test(
        "The document and headers come from pipes",
        arguments: [
            #"echo 'subscription { count(to: 1) }' | exec "$0" watch "$1" -f - -o raw"#,
            #"echo 'subscription { count(to: 1) }' | exec "$0" watch "$1" -f /dev/stdin -o raw"#,
            #"echo 'X-Test: 1' | exec "$0" watch "$1" -q 'subscription { count(to: 1) }' -H @- -o raw"#,
        ]
    )
    func pipes(_ line: String) async throws {
        let server = try await EmbeddedServer()
        let watch = try Program("/bin/sh", ["-c", line, Program.freshetPath, await server.url])
        let result = await watch.result()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == [#"{"data":{"count":1}}"#])
        await server.shutdown()
    }

    @Test("SIGUSR1 says how a watch stands, SIGHUP makes its connection anew")
    func signals() async throws {
        let server = try await EmbeddedServer()
        let query = "subscription { ticks(every: 20) { n } }"
        let watch = try Program.freshet("watch", await server.url, "-q", query, "-o", "jsonl")
        #expect(await watch.errorLine { $0.contains("state=live") } != nil)
        let first = try #require(await watch.line { $0.contains(#""kind":"data""#) })
        watch.signal(SIGUSR1)
        #expect(await watch.errorLine { $0.contains("● live") && $0.contains("reconn 0") } != nil)
        watch.signal(SIGHUP)
        let gap = try #require(await watch.line(after: first.index) { $0.contains(#""kind":"gap""#) })
        #expect(await watch.line(after: gap.index) { $0.contains(#""kind":"data""#) } != nil)
        watch.signal(SIGTERM)
        let result = await watch.result()
        #expect(result.status == 143)
        #expect(result.output.last?.contains(#""why":"signal""#) == true)
        #expect(result.output.last?.contains(#""reconnects":1,"gaps":1"#) == true)
        await server.shutdown()
    }

    @Test("Every state is told before the error that ends it, however soon that comes")
    func states() async throws {
        for _ in 1...10 {
            let url = "ws://127.0.0.1:\(try FreePort.next())/graphql"
            let result = try await Program.freshet("watch", url, "-q", "subscription { a }").result()
            #expect(result.status == 3)
            #expect(result.errors.count == 2, "\(result.errors)")
            #expect(result.errors.first?.hasSuffix(" state=connecting attempt=1") == true)
            #expect(result.errors.last?.hasPrefix("freshet: ") == true)
        }
    }

    @Test("A URL of documents that is written otherwise is told how, and no subscription is asked for")
    func schemes() async throws {
        for command in [["watch"], ["get"], ["put"]] {
            let value = command == ["put"] ? ["{}"] : []
            let result = try await Program.freshet(command + ["etcd://127.0.0.1:1/users/"] + value).result()
            #expect(result.status == 64)
            #expect(result.errors.last?.contains("try etcd+http://") == true, "\(result.errors)")
        }
    }
}
