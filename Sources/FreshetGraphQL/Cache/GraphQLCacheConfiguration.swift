// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// How the cache of results knows objects, and how much it keeps.
public struct GraphQLCacheConfiguration: Sendable {
    /// How many bytes the objects may take, with what is needed to find them. Beyond it those go that were not used for the
    /// longest time.
    public var byteLimit: Int

    /// What an object is known by among those of its type; nil: by its field `id`, or else `_id`.
    ///
    /// It gets the type's name, and those of the object's fields that are text, numbers, booleans or null, by their names
    /// in the schema. When it returns nil, the object has no identity of its own: it is kept as a part of the object or
    /// list that it stands in. The same object must always get the same answer. It runs while the cache is being written,
    /// so it should be quick.
    public var identity: (@Sendable (_ typename: String, _ fields: [String: JSONValue]) -> String?)?

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - byteLimit: how many bytes the objects may take.
    ///   - identity: what an object is known by; nil: its field `id`, or else `_id`.
    public init(
        byteLimit: Int = 64 << 20,
        identity: (@Sendable (_ typename: String, _ fields: [String: JSONValue]) -> String?)? = nil
    ) {
        self.byteLimit = byteLimit
        self.identity = identity
    }
}
