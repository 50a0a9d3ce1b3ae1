// SPDX-License-Identifier: Apache-2.0

// Users in a Firestore: made, read, updated, watched.
//
//     FirestoreUsers PROJECT
//
// With FIRESTORE_EMULATOR_HOST=127.0.0.1:8080 in an emulator; otherwise with the OAuth or Firebase ID token in FIRESTORE_TOKEN, as
// of `gcloud auth print-access-token`. docs/firestore.md says how a program signs in by itself.

import Foundation
import FreshetFirebase

struct User: Codable {
    var name: String
    var born: Date
    var languages: [String]
}

guard CommandLine.arguments.count == 2 else {
    print("usage: FirestoreUsers PROJECT")
    exit(64)
}
var configuration = FirestoreConfiguration()
if let token = ProcessInfo.processInfo.environment["FIRESTORE_TOKEN"] {
    configuration.credentials = { _ in .bearer(token) }
}
let users = Firestore(project: CommandLine.arguments[1], configuration: configuration).collection("users")

do {
    let ada = users.document("ada")
    try await ada.delete()

    // Watch: whoever speaks French, now and from now on; what changes is told once it is there.
    var french = users.where("languages", .arrayContains, "French").order(by: "name").snapshots().makeAsyncIterator()
    print("French: \(try await french.next()?.documents.count ?? 0)")

    // Create: it fails where somebody else was there before.
    let user = User(name: "Ada", born: Date(timeIntervalSince1970: -4_861_123_200), languages: ["English"])
    try await ada.create(user, transforms: ["created": .serverTimestamp])

    // Read: as a type of one's own, with the time of the last change.
    let read = try await ada.get()
    print("read: \(try read.decoded(as: User.self).name)")

    // Update: some fields, some of them by the server; and only if nobody has written meanwhile.
    try await ada.update(["name": "Ada Lovelace", "visits": .increment(1), "languages": .arrayUnion(["French"])])
    do {
        try await ada.update(["name": "Eve"], if: .updatedAt(read.updateTime))
    } catch  where error.kind == .conflict(version: nil) {
        print("not overwritten: \(try await ada.get()["name"] == "Ada Lovelace")")
    }

    for change in try await french.next()?.changes ?? [] { print("French: \(change.kind) \(change.document.id)") }
    try await ada.delete()
    for change in try await french.next()?.changes ?? [] { print("French: \(change.kind) \(change.document.id)") }
} catch {
    print("failed: \(error)")
    exit(1)
}
