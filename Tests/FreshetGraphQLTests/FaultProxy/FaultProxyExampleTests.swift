// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetGraphQL
import FreshetTestSupport
import Testing

private struct Tick: Decodable, Sendable {
    let n: Int
}

// From here to "The end" it is the page's example, letter by letter.
@Test func priceComesBack() async throws {
    let server = try await EmbeddedServer()  // or a server of your own, by its URL
    let proxy = try FaultProxy(to: await server.url)
    let api = GraphQLClient(url: proxy.url)
    try proxy.add(FaultRule(.upgrade(2), .refuse(503)))  // the second connection is refused
    var gaps = 0
    for try await event in api.subscribe(Tick.self, "subscription { ticks(every: 1) { n } }") {
        if case .gap = event { gaps += 1 }
        if gaps == 0, event.value?.n == 3 { proxy.cut(.reset) }  // the first one is cut
        if gaps == 1, event.value?.n == 3 { break }  // and it goes on
    }
    #expect(proxy.log.filter { $0.event == .connected }.count == 3)
    await api.close()
    await server.shutdown()
}
// The end.

@Test("The example of docs/fault-proxy.md is the test above")
func examplePage() throws {
    let here = URL(filePath: #filePath)
    let root = (0..<4).reduce(here) { folder, _ in folder.deletingLastPathComponent() }
    let page = try String(contentsOf: root.appending(path: "docs/fault-proxy.md"), encoding: .utf8)
    let source = try String(contentsOf: here, encoding: .utf8)
    let start = try #require(source.range(of: "\n@Test func priceComesBack"))
    let end = try #require(source.range(of: "// The end.\n"))
    let example = source[start.lowerBound..<end.lowerBound]
    #expect(example.split(separator: "\n").count > 10)
    #expect(page.contains("```swift\(example)```"))
}
