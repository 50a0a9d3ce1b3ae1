// SPDX-License-Identifier: Apache-2.0

// Users in a Firestore: made, read, updated, asked for.
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
    // Create: it fails where somebody else was there before.
    let ada = users.document("ada")
    try await ada.delete()
    let user = User(name: "Ada", born: Date(timeIntervalSince1970: -4_861_123_200), languages: ["English"])
    try await ada.create(user, transforms: ["created": .serverTimestamp])
    do {
        try await ada.create(user)
    } catch  where error.kind == .conflict(version: nil) {
        print("there already: ada")
    }

    // Read: as a type of one's own, with the time of the last change.
    let document = try await ada.get()
    print("read: \(try document.decoded(as: User.self).name)")

    // Update: some fields, some of them by the server.
    try await ada.update(["name": "Ada Lovelace", "visits": .increment(1), "languages": .arrayUnion(["French"])])
    let updated = try await ada.get()
    let now = try updated.decoded(as: User.self)
    print("updated: \(now.name), \(now.languages.joined(separator: " and "))")

    // Only if nobody has written meanwhile.
    do {
        try await ada.update(["name": "Eve"], if: .updatedAt(document.updateTime))
    } catch  where error.kind == .conflict(version: nil) {
        print("not overwritten: \(try await ada.get()["name"] == "Ada Lovelace")")
    }

    // Ask: which, in which order, how many.
    let found = try await users.where("languages", .arrayContains, "French").order(by: "name").limit(10).get()
    print("French: \(found.map(\.id).joined(separator: ", "))")
} catch {
    print("failed: \(error)")
    exit(1)
}
