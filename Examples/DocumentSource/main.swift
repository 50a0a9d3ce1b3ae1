// SPDX-License-Identifier: Apache-2.0

// Documents from a source of your own: DocumentSource http://127.0.0.1:8000/graphql
//
// The server is beside this, in server.py.

import FreshetDocuments

/// All documents, and the number of the last change that is in them.
struct State: Decodable {
    struct Document: Decodable { let key: String, rev: Int64, value: String }
    struct Snapshot: Decodable { let rev: Int64, docs: [Document] }
    struct Root: Decodable { let snapshot: Snapshot }
    let data: Root
}

let arguments = CommandLine.arguments
guard arguments.count == 2 else { fatalError("usage: DocumentSource URL") }

let http = HTTPClient()
let text = DocumentCoding<String>(decode: { $0.text }, encode: { Bytes(copying: $0.utf8) })
let client = try SubscriptionClient(
    source: ChangesSource(),
    url: arguments[1].replacing("http", with: "ws", maxReplacements: 1)
)
let documents = client.documents(of: "all", coding: text) {
    let query = ["query": "{ snapshot { rev docs { key rev value } } }"]
    let state: State = try await http.post(arguments[1], json: query)
    let listed = state.data.snapshot.docs.map { document in
        RawDocument(key: document.key, version: "\(document.rev)", value: Bytes(copying: document.value.utf8))
    }
    return DocumentListing(listed, position: Position(number: state.data.snapshot.rev))
} changes: { payload throws(FreshetError) in
    let change = try Change(payload)
    return RawChanges([change.raw], position: Position(number: change.rev))
}

for try await event in documents {
    if case .gap(let gap) = event { print("gap: \(gap.reason)") }
    for change in event.changes {
        switch change {
        case .added(let document): print("+ \(document.key) = \(document.value)")
        case .modified(let document, let old): print("~ \(document.key) = \(document.value), was \(old?.value ?? "?")")
        case .removed(let key, _, _): print("- \(key)")
        }
    }
}
