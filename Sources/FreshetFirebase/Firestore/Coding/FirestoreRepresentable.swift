// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A type that has a kind of value of its own in Firestore, whatever its `Codable` form is.
protocol FirestoreRepresentable {
    /// Nil where there is no such value, as for a date after 9999.
    var firestoreValue: FirestoreValue? { get }
    /// Nil for a value of another kind.
    init?(firestoreValue: FirestoreValue)
}

extension FirestoreValue: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { self }
    init?(firestoreValue: FirestoreValue) { self = firestoreValue }
}

extension FirestoreTimestamp: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { .timestamp(self) }
    init?(firestoreValue: FirestoreValue) {
        guard case .timestamp(let value) = firestoreValue else { return nil }
        self = value
    }
}

extension FirestoreName: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { .reference(self) }
    init?(firestoreValue: FirestoreValue) {
        guard case .reference(let value) = firestoreValue else { return nil }
        self = value
    }
}

extension FirestoreGeoPoint: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { .geoPoint(self) }
    init?(firestoreValue: FirestoreValue) {
        guard case .geoPoint(let value) = firestoreValue else { return nil }
        self = value
    }
}

extension FirestoreVector: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { .vector(self) }
    init?(firestoreValue: FirestoreValue) {
        guard case .vector(let value) = firestoreValue else { return nil }
        self = value
    }
}

extension Date: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { FirestoreTimestamp(self).map { .timestamp($0) } }
    init?(firestoreValue: FirestoreValue) {
        guard case .timestamp(let value) = firestoreValue else { return nil }
        self = value.date
    }
}

extension Data: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { .bytes(self) }
    init?(firestoreValue: FirestoreValue) {
        guard case .bytes(let value) = firestoreValue else { return nil }
        self = value
    }
}

extension URL: FirestoreRepresentable {
    var firestoreValue: FirestoreValue? { .string(self.absoluteString) }
    init?(firestoreValue: FirestoreValue) {
        guard case .string(let text) = firestoreValue else { return nil }
        self.init(string: text)
    }
}
