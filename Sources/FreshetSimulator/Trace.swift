// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTransport

/// Events and actions as text: payloads as they came.
enum Trace {
    static func text(of what: Any) -> String {
        switch what {
        case SubscriptionEngine<SimulatedSource>.Event.messages(let epoch, let batches):
            "messages \(epoch): \(batches.joined().map(\.text))"
        case SubscriptionEngine<SimulatedSource>.Action.send(let epoch, let message):
            "send \(epoch): \(message.text)"
        case SubscriptionEngine<SimulatedSource>.Action.deliver(let ids, let items):
            "deliver to \(ids): \(items.map(Self.text))"
        default: "\(what)"
        }
    }

    private static func text(of item: FeedItem) -> String {
        switch item {
        case .update(let bytes): "update \(bytes.text)"
        case .snapshot(let bytes): "snapshot \(bytes.text)"
        case .value: "value"
        case .bookmark: "bookmark"
        case .rest(let item): "polled \(Self.text(of: item))"
        case .gap(let gap): "gap \(gap.cause) \(gap.count ?? -1)"
        }
    }
}
