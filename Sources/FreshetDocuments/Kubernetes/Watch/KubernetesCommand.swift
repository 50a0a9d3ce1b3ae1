// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetTransport

/// What a `KubernetesSource` tells its link: one line of text.
enum KubernetesCommand: Equatable {
    case watch(SubscriptionID, path: String)
    case stop(SubscriptionID)

    var message: WebSocketMessage {
        switch self {
        case .watch(let id, let path): WebSocketMessage(text: "watch \(id) \(path)")
        case .stop(let id): WebSocketMessage(text: "stop \(id)")
        }
    }

    init?(_ message: WebSocketMessage) {
        let parts = message.text.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, let id = SubscriptionID(parts[1]) else { return nil }
        switch parts[0] {
        case "watch" where parts.count == 3: self = .watch(id, path: String(parts[2]))
        case "stop": self = .stop(id)
        default: return nil
        }
    }
}
