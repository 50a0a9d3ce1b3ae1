// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// One element of a feed.
public enum FeedEvent<Value: Sendable>: Sendable {
    /// The whole current state.
    case snapshot(Value)
    /// One change, in order.
    case update(Value)
    /// Something may be missing here, before whatever follows.
    case gap(Gap)

    /// The snapshot's or update's value; nil for a gap.
    public var value: Value? {
        switch self {
        case .snapshot(let value), .update(let value): value
        case .gap: nil
        }
    }
}

extension FeedEvent: Equatable where Value: Equatable {}

/// An element that may carry a value: lets ``Feed/values`` be written once for every kind of feed.
public protocol FeedElement: Sendable {
    /// What it may carry.
    associatedtype Value: Sendable
    /// The value, if it carries one.
    var value: Value? { get }
}

extension FeedEvent: FeedElement {}
