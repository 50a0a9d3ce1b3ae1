// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One line of a watch: `{"type":"ADDED","object":{…}}`.
enum KubernetesEvent {
    enum Kind: String, CaseIterable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    private static let objectPath: JSONPath = "object"

    static func kind(of event: Bytes) -> Kind? {
        event.withBytes { bytes in
            guard var scanner = try? JSONScanner(bytes), (try? scanner.find("type")) == true,
                let value = try? scanner.value(), value.count > 2
            else { return nil }
            let name = bytes[value.lowerBound + 1..<value.upperBound - 1]
            return Kind.allCases.first { name.elementsEqual($0.rawValue.utf8) }
        }
    }

    static func object(of event: Bytes) -> Bytes? { self.objectPath.find(in: event) }

    /// Where a watch stands with an event: its object's resourceVersion. Nothing behind that is read, since this is asked for on
    /// the loop's thread, and objects are large.
    static func position(of event: Bytes) -> Position? {
        let value = event.withBytes { bytes in
            do throws(JSONScanner.Failure) {
                var scanner = try JSONScanner(bytes)
                guard try scanner.find("object") else { return nil as Range<Int>? }
                try scanner.enter()
                guard try scanner.find("metadata") else { return nil }
                try scanner.enter()
                guard try scanner.find("resourceVersion") else { return nil }
                return try scanner.value()
            } catch {
                return nil
            }
        }
        guard let value, case .string(let text)? = JSONValue(scalar: event[value]), !text.isEmpty else { return nil }
        return Position(text: text)
    }
}
