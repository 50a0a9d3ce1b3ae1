// SPDX-License-Identifier: Apache-2.0

/// What the server makes of a field, whatever is in it when the write arrives.
public enum FirestoreTransform: Sendable, Hashable {
    /// The time of the write, by the server's clock.
    case serverTimestamp
    /// Added to what is there; what is no number counts as zero. Integers stay at the largest and the smallest.
    case increment(FirestoreValue)
    /// The larger of both.
    case maximum(FirestoreValue)
    /// The smaller of both.
    case minimum(FirestoreValue)
    /// Appended to the array, each unless it is in it already.
    case arrayUnion([FirestoreValue])
    /// Removed from the array, each as often as it is in it.
    case arrayRemove([FirestoreValue])
}

extension FirestoreTransform {
    struct JSON: Encodable {
        struct Values: Encodable { let values: [FirestoreValue] }

        let fieldPath: String
        var setToServerValue: String?
        var increment: FirestoreValue?
        var maximum: FirestoreValue?
        var minimum: FirestoreValue?
        var appendMissingElements: Values?
        var removeAllFromArray: Values?
    }

    func json(_ path: FirestoreFieldPath) -> JSON {
        var json = JSON(fieldPath: path.description)
        switch self {
        case .serverTimestamp: json.setToServerValue = "REQUEST_TIME"
        case .increment(let value): json.increment = value
        case .maximum(let value): json.maximum = value
        case .minimum(let value): json.minimum = value
        case .arrayUnion(let values): json.appendMissingElements = .init(values: values)
        case .arrayRemove(let values): json.removeAllFromArray = .init(values: values)
        }
        return json
    }
}
