// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetTransport

/// What a link tells its `KubernetesSource`: one line of text, and after `events` the events themselves, as they came.
enum KubernetesWord: Equatable {
    /// Watches may be begun.
    case ready
    /// The next messages, so many, are of this watch.
    case events(SubscriptionID, count: Int)
    /// A watch is over, as every watch will be.
    case over(SubscriptionID)
    /// A watch has broken, or did not come about.
    case broken(SubscriptionID, reason: String, after: Duration)
    /// The server no longer has what came since the resourceVersion.
    case gone(SubscriptionID, reason: String)
    /// The server does not understand what is asked for.
    case refused(SubscriptionID, status: Int, reason: String)

    var text: String {
        switch self {
        case .ready: "ready"
        case .events(let id, let count): "events \(id) \(count)"
        case .over(let id): "over \(id)"
        case .broken(let id, let reason, let delay): "broken \(id) \(delay.milliseconds) \(reason)"
        case .gone(let id, let reason): "gone \(id) \(reason)"
        case .refused(let id, let status, let reason): "refused \(id) \(status) \(reason)"
        }
    }

    init?(_ message: WebSocketMessage) {
        let text = message.text
        let parts = text.split(separator: " ", maxSplits: 2)
        guard let verb = parts.first else { return nil }
        if verb == "ready" {
            self = .ready
            return
        }
        guard parts.count >= 2, let id = SubscriptionID(parts[1]) else { return nil }
        let rest = parts.count == 3 ? parts[2] : ""
        switch verb {
        case "events":
            guard let count = Int(rest), count > 0 else { return nil }
            self = .events(id, count: count)
        case "over":
            self = .over(id)
        case "broken", "refused":
            let parts = rest.split(separator: " ", maxSplits: 1)
            guard let number = parts.first.flatMap({ Int($0) }) else { return nil }
            let reason = parts.count == 2 ? String(parts[1]) : ""
            self =
                verb == "broken"
                ? .broken(id, reason: reason, after: .milliseconds(number))
                : .refused(id, status: number, reason: reason)
        case "gone":
            self = .gone(id, reason: String(rest))
        default:
            return nil
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
