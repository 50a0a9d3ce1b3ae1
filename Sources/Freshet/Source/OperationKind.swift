// SPDX-License-Identifier: Apache-2.0

/// What becomes of an operation whose connection breaks.
public enum OperationKind: Sendable, Hashable {
    /// It goes on: subscribed again.
    case subscription
    /// It has one result and changes nothing: asked again.
    case query
    /// It has one result and may have changed something: never sent twice. Its outcome is unknown if it was sent.
    case mutation
}
