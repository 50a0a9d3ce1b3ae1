// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzChecks
import Testing

/// The corpora without the fuzzer: what it once found, and what it begins with, holds in every build.
struct CorpusTests {
    private static let corpora = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Corpora")

    @Test("Every input of the corpus keeps the target's promises", arguments: FuzzTarget.allCases)
    func corpus(_ target: FuzzTarget) throws {
        let folder = Self.corpora.appending(path: target.rawValue).path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names.count >= 20, "the corpus is in \(folder)")
        for name in names {
            let input = Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
            #expect(throws: Never.self, "\(target.rawValue)/\(name)") { try target.check(input) }
        }
    }
}
