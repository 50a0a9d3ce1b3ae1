// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetSoak
import Testing

struct HistoryTests {
    /// A directory for one test, which is removed after it.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func save(_ lines: [HistoryLine], in directory: String) throws {
        var writer = try HistoryWriter(path: "\(directory)/history.jsonl")
        for line in lines { try writer.append(line) }
        try writer.flush()
    }

    @Test("A history that was saved is judged as the run was")
    func verify() throws {
        let lines = GoodHistory.lines(seed: 3)
        try self.withDirectory { directory in
            try self.save(lines, in: directory)
            var read: [HistoryLine] = []
            try HistoryReader.read(path: "\(directory)/history.jsonl") { number, line throws(FreshetError) in
                read.append(line)
                #expect(number == read.count)
            }
            #expect(read == lines)
            #expect(try HistoryJudge.verify(directory: directory) == lines.judged())
        }
    }

    @Test("A line describes itself")
    func line() throws {
        let line = HistoryLine(us: 81_234, .element(client: 3, stream: 1, n: 120, key: "a/b", k: 2))
        let json = String(decoding: try line.json(), as: UTF8.self)
        #expect(json == #"{"element":{"client":3,"k":2,"key":"a/b","n":120,"stream":1},"us":81234,"v":1}"#)
    }

    @Test(
        "A line that cannot be read is an error with its number",
        arguments: [
            "", "{", "[]", #"{"us":1,"v":1}"#, #"{"us":1,"v":2,"finished":{}}"#, #"{"v":1,"finished":{}}"#,
            #"{"us":1,"v":1,"invented":{}}"#, #"{"us":1,"v":1,"closed":{"client":1}}"#,
            #"{"us":1,"v":1,"finished":{},"settled":{}}"#, "\u{0}",
        ]
    )
    func unreadable(text: String) throws {
        try self.withDirectory { directory in
            try self.save([HistoryLine(us: 0, .settled)], in: directory)
            let path = "\(directory)/history.jsonl"
            let good = try Data(contentsOf: URL(filePath: path))
            try (good + Data((text + "\n").utf8)).write(to: URL(filePath: path))
            let error = #expect(throws: FreshetError.self) { try HistoryJudge.verify(directory: directory) }
            #expect(error?.kind == .decoding)
            #expect(error?.message.hasPrefix("Line 2 of the history cannot be read: ") == true)
        }
    }

    @Test("A line that is cut off is an error, and so is a directory without a history")
    func cutOff() throws {
        try self.withDirectory { directory in
            let missing = #expect(throws: FreshetError.self) { try HistoryJudge.verify(directory: directory) }
            #expect(missing?.kind == .invalidInput)
            try self.save([HistoryLine(us: 0, .settled)], in: directory)
            let path = "\(directory)/history.jsonl"
            let good = try Data(contentsOf: URL(filePath: path))
            try good.dropLast(1).write(to: URL(filePath: path))
            let error = #expect(throws: FreshetError.self) { try HistoryJudge.verify(directory: directory) }
            #expect(error?.kind == .decoding)
        }
    }
}
