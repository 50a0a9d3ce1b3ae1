// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What has changed in a target from one moment to another; at the beginning, everything that there is.
struct FirestoreDifference: Sendable {
    /// Documents as they are now: the server's own JSON.
    var documents: [Bytes] = []
    /// The full names of those that are not in it any more.
    var removed: [String] = []

    var isEmpty: Bool { self.documents.isEmpty && self.removed.isEmpty }

    /// As an element of a feed. The token comes first, for it is looked for most often.
    func payload(token: String, time: FirestoreTimestamp) -> Bytes {
        var json = Array(#"{"token":\#(Self.quoted(token)),"time":"\#(time)","removed":["#.utf8)
        json += self.removed.map { Self.quoted($0) }.joined(separator: ",").utf8
        json += #"],"documents":["#.utf8
        for (index, document) in self.documents.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            document.append(to: &json)
        }
        json += "]}".utf8
        return Bytes(copying: json)
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    /// Reads an element of a feed.
    static func reading(_ payload: Bytes) throws(FreshetError) -> (FirestoreDifference, time: FirestoreTimestamp) {
        guard let time = payload.text(of: "time").flatMap({ FirestoreTimestamp($0) }),
            let removed = payload.member("removed").flatMap({ $0.elements }),
            let documents = payload.member("documents").flatMap({ $0.elements })
        else { throw FreshetError(.decoding, "this is no change of a Firestore") }
        let names = removed.compactMap { name -> String? in
            guard case .string(let text)? = JSONValue(scalar: name) else { return nil }
            return text
        }
        return (FirestoreDifference(documents: documents, removed: names), time)
    }
}

extension FirestoreDocument {
    /// Reads the server's JSON.
    static func reading(_ json: Bytes) throws(FreshetError) -> FirestoreDocument {
        if let document = FirestoreReader.document(json) { return document }
        do {
            return try json.withBytes { try JSONDecoder().decode(FirestoreDocument.self, from: Data($0)) }
        } catch {
            throw FreshetError.decoding(error, of: FirestoreDocument.self)
        }
    }
}
