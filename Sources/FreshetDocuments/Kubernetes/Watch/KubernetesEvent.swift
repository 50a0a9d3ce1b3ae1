// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One line of a watch: `{"type":"ADDED","object":{…}}`.
enum KubernetesEvent {
    enum Kind: String {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    private static let typePath: JSONPath = "type"
    private static let objectPath: JSONPath = "object"

    static func kind(of event: Bytes) -> Kind? {
        guard let value = self.typePath.find(in: event), value.count > 2 else { return nil }
        return Kind(rawValue: value[1..<value.count - 1].text)
    }

    static func object(of event: Bytes) -> Bytes? { self.objectPath.find(in: event) }
}
