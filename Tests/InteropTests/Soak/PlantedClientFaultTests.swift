// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetSoak
import FreshetSoakRunner
import Testing

/// Ten faults of clients, each planted into a real run: the oracle finds every one of them, by name, and again in the saved
/// history.
@Suite(.timeLimit(.minutes(5)))
struct PlantedClientFaultTests {
    private static let expected: [PlantedFault: Invariant] = [
        .droppedElement: .reliable, .doubledElement: .unique, .swappedPair: .ordered, .hiddenGap: .honestGaps,
        .positionTooFar: .bookmarkable, .secondSocket: .oneSocket, .leakedDescriptor: .noDescriptorLeak,
        .unboundedBuffer: .noMemoryLeak, .refreshStorm: .oneRefresh, .lostTerminal: .singleTerminal,
    ]

    /// Six seconds of resets for eight clients.
    private static func run(_ more: String...) async throws -> Program.Result {
        let text = "soak --local graphql --faults tcp.rst --clients 8 --for 6s --rate 50 --seed 1"
        return try await Program.freshet(text.split(separator: " ").map(String.init) + more).result()
    }

    @Test("It is found by name", arguments: PlantedFault.allCases)
    func found(_ fault: PlantedFault) async throws {
        let invariant = try #require(Self.expected[fault])
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-soak-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try await Self.run("--no-shrink", "--report", folder.path, "--plant", fault.rawValue)
        #expect(result.status == 99, "\(result.output) \(result.errors)")
        let text = try String(contentsOf: folder.appending(path: "report.json"), encoding: .utf8)
        let report = try ReportFiles.read(json: text)
        let broken = report.invariants.filter { $0.breaches > 0 }.map(\.name)
        #expect(broken == [invariant.rawValue], "\(result.output)")

        let again = try await Program.freshet("soak", "verify", folder.path).result()
        #expect(again.status == 99)
        #expect(again.output.last == result.output.last)
    }

    @Test("Without one nothing is found")
    func none() async throws {
        let result = try await Self.run("--require", "lost==0", "--require", "duplicates==0")
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        #expect(result.output.last?.hasPrefix("PASS") == true)
    }
}
