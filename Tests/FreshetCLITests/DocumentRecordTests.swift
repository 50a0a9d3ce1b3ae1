// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetDocuments
import Testing

@testable import FreshetCLI

@Suite struct DocumentRecordTests {
    /// 2026-01-31T12:00:01.250Z
    private static let now = Date(timeIntervalSince1970: 1_769_860_801.25)

    private static func document(_ version: String, _ value: String) -> Document<Bytes> {
        Document(key: "users/1", version: version, value: Bytes(copying: value.utf8))
    }

    private static let added = DocumentChange.added(Self.document("5", #"{ "name": "Ada" }"#))
    private static let modified = DocumentChange.modified(
        Self.document("6", #"{"name":"Grace"}"#),
        previous: Self.document("5", #"{"name":"Ada"}"#)
    )
    private static let removed = DocumentChange<Bytes>.removed(
        key: "users/1",
        version: "7",
        previous: Self.document("6", #"{"name":"Grace"}"#)
    )

    private static func text(_ change: DocumentChange<Bytes>, _ format: OutputFormat) -> String? {
        let renderer = Renderer(format: format, source: "etcd://h", color: false, terminal: false)
        return DocumentRecord(renderer).bytes(change, at: Self.now).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("jsonl: what happened to which document, in which version")
    func lines() {
        let head = #"{"v":1,"kind":"data","ts":"2026-01-31T12:00:01.250Z","src":"etcd://h","#
        #expect(
            Self.text(Self.added, .jsonl)
                == head + #""op":"added","key":"users/1","version":"5","prev_version":null,"data":{"name":"Ada"}}"#
                + "\n"
        )
        #expect(
            Self.text(Self.modified, .jsonl)
                == head + #""op":"modified","key":"users/1","version":"6","prev_version":"5","data":{"name":"Grace"}}"#
                + "\n"
        )
        #expect(
            Self.text(Self.removed, .jsonl)
                == head + #""op":"removed","key":"users/1","version":"7","prev_version":"6","data":null}"# + "\n"
        )
    }

    @Test("log: a change says which places differ")
    func log() {
        #expect(Self.text(Self.added, .log) == #"12:00:01.250Z ADDED users/1 v5 {"name":"Ada"}"# + "\n")
        #expect(Self.text(Self.modified, .log) == #"12:00:01.250Z MODIFIED users/1 v6 .name "Ada"→"Grace""# + "\n")
        #expect(Self.text(Self.removed, .log) == "12:00:01.250Z REMOVED users/1 v7\n")
    }

    @Test("raw: the values alone")
    func raw() {
        #expect(Self.text(Self.added, .raw) == #"{ "name": "Ada" }"# + "\n")
        #expect(Self.text(Self.removed, .raw) == nil)
    }

    @Test("Values that are not JSON stand beside a null: as text, or in base 64")
    func notJSON() {
        let text = Self.text(.added(Self.document("1", "not \u{1B}[31m JSON")), .jsonl)
        #expect(text?.hasSuffix(#""data":null,"text":"not \u001b[31m JSON"}"# + "\n") == true)
        let binary = Document(key: "k", version: "1", value: Bytes(copying: [0xFF, 0x00]))
        #expect(Self.text(.added(binary), .jsonl)?.hasSuffix(#""data":null,"base64":"/wA="}"# + "\n") == true)
        #expect(Self.text(.added(binary), .log) == "12:00:01.250Z ADDED k v1 (2 bytes)\n")
    }
}
