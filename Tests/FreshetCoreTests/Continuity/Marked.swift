// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension MarkedUpdate {
    /// An element with this text, and no mark.
    static func plain(_ text: String) -> MarkedUpdate { MarkedUpdate(Bytes(copying: Array(text.utf8))) }

    /// An element whose position is its key.
    static func at(_ position: Int64, _ text: String? = nil) -> MarkedUpdate {
        MarkedUpdate(
            Bytes(copying: Array((text ?? "\(position)").utf8)),
            UpdateMark(key: .integer(position), position: Position(.integer(position)))
        )
    }

    /// A version of an object.
    static func object(_ key: String, version: Int64) -> MarkedUpdate {
        MarkedUpdate(
            Bytes(copying: Array("\(key)\(version)".utf8)),
            UpdateMark(key: .string(key), position: Position(.integer(version)))
        )
    }
}

extension [MarkedUpdate] {
    var texts: [String] { map(\.payload.text) }
}

extension FeedItem {
    /// For people to read, and for tests to compare.
    var text: String {
        switch self {
        case .update(let bytes): bytes.text
        case .snapshot(let bytes): "snapshot \(bytes.text)"
        case .value(let value, _): "value \(value)"
        case .gap(let gap): "gap \(gap.cause)"
        case .bookmark(let position): "bookmark \(position.value)"
        case .rest(let item): "polled \(item.text)"
        }
    }

    static func snapshot(text: String) -> FeedItem { .snapshot(Bytes(copying: Array(text.utf8))) }
}

extension [ContinuityMachine.Action] {
    /// What each action is, in short.
    var texts: [String] {
        map { action in
            switch action {
            case .deliver(let items): items.map(\.text).joined(separator: ", ")
            case .fetch(let number, let gap): "fetch \(number)" + (gap.map { " for gap \($0.cause)" } ?? "")
            case .fetchLater(let number): "fetch later, after \(number)"
            case .cancelFetch: "cancel fetch"
            case .subscribeAgain: "subscribe again"
            case .askAgain(let reason): "ask again: \(reason)"
            case .fail(let error): "fail \(error.kind)"
            case .note(let text): "note: \(text)"
            }
        }
    }

    /// The gaps that are handed out, or handed to a fetch.
    var gaps: [Gap] {
        flatMap { action -> [Gap] in
            switch action {
            case .deliver(let items):
                items.compactMap { item in
                    if case .gap(let gap) = item { gap } else { nil }
                }
            case .fetch(_, let gap): gap.map { [$0] } ?? []
            case .cancelFetch, .fetchLater, .subscribeAgain, .askAgain, .fail, .note: []
            }
        }
    }
}
