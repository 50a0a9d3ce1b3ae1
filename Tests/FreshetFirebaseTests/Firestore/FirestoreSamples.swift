// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetFirebase

// What tests write down themselves is right, or the test ends here.

extension FirestoreTimestamp {
    static func at(_ text: String) -> FirestoreTimestamp {
        guard let timestamp = FirestoreTimestamp(text) else { preconditionFailure("no timestamp: \(text)") }
        return timestamp
    }
}

extension FirestoreName {
    static func sample(_ path: String, in database: String = "projects/p/databases/(default)") -> FirestoreName {
        guard let name = FirestoreName("\(database)/documents/\(path)") else { preconditionFailure("no path: \(path)") }
        return name
    }
}

extension FirestoreGeoPoint {
    static func at(_ latitude: Double, _ longitude: Double) -> FirestoreGeoPoint {
        guard let point = FirestoreGeoPoint(latitude: latitude, longitude: longitude) else {
            preconditionFailure("not on the earth")
        }
        return point
    }
}

extension URL {
    static func sample(_ text: String) -> URL {
        guard let url = URL(string: text) else { preconditionFailure("no URL: \(text)") }
        return url
    }
}
