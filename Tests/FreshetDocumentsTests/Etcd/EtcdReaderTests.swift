// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetDocuments

/// How updates become changes.
@Suite struct EtcdReaderTests {
    private static func read(_ text: String) throws(FreshetError) -> RawChanges {
        try EtcdEvents.reader.changes(Bytes(copying: text.utf8))
    }

    @Test("Puts and deletes of one revision, with what was there before, and a value that is empty")
    func changes() throws {
        let put =
            #"{"kv":{"key":"YQ==","create_revision":"2","mod_revision":"5","version":"4","value":"Mw=="},"prev_kv":{"key":"YQ==","create_revision":"2","mod_revision":"4","version":"3","value":"eyJ2IjoyfQ=="}}"#
        let new = #"{"kv":{"key":"Yg==","create_revision":"5","mod_revision":"5","version":"1"}}"#
        let delete = #"{"type":"DELETE","kv":{"key":"Yw==","mod_revision":"5"}}"#
        let read = try Self.read("\(put),\(new),\(delete)")
        #expect(read.position == Position(number: 5))
        guard read.changes.count == 3, case .put(let a, let isNew, let previous) = read.changes[0],
            case .put(let b, let isNewToo, nil) = read.changes[1],
            case .delete(let c, let version, nil) = read.changes[2]
        else {
            Issue.record("other changes: \(read)")
            return
        }
        #expect([a.key, a.version, a.value.text] == ["a", "5", "3"])
        #expect(isNew == false)
        #expect(previous?.version == "4")
        #expect(previous?.value.text == #"{"v":2}"#)
        #expect([b.key, b.version, b.value.text] == ["b", "5", ""])
        #expect(isNewToo == true)
        #expect([c, version] == ["c", "5"])
    }

    @Test(
        "What is not etcd's is an error",
        arguments: [
            "{", "{}", #"{"kv":{}}"#, #"{"kv":{"key":"!","mod_revision":"5"}}"#,
            #"{"kv":{"key":7,"mod_revision":"5"}}"#,
            #"{"kv":{"key":"YQ==","mod_revision":"5","value":"!"}}"#, #"{"kv":{"key":"YQ==","mod_revision":"-5"}}"#,
        ]
    )
    func foreign(_ text: String) {
        #expect(throws: FreshetError.self) { _ = try Self.read(text) }
    }

    @Test(
        "Every change of a range shows in its number of documents or in the newest one; a store that went back shows too"
    )
    func summaries() throws {
        let summary = EtcdSummary(count: 3, newest: 10, revision: 12)
        #expect(EtcdSummary(validator: summary.validator) == summary)
        #expect(EtcdSummary(validator: "3/10") == nil)
        #expect(EtcdSummary(validator: "a/b/c") == nil)
        #expect(EtcdSummary(count: 3, newest: 10, revision: 40).isSame(as: summary))
        #expect(!EtcdSummary(count: 2, newest: 10, revision: 40).isSame(as: summary))
        #expect(!EtcdSummary(count: 3, newest: 11, revision: 40).isSame(as: summary))
        #expect(!EtcdSummary(count: 3, newest: 10, revision: 11).isSame(as: summary))
    }
}
