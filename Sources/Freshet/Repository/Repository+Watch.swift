// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetHTTP

extension Repository {
    /// An object, now and whenever it changes.
    ///
    /// From the repository's own feed, where it was made with one. Otherwise it is asked for again and again, on the condition
    /// that it has changed (`If-None-Match`) where the server has entity tags; what comes and goes between two questions is not
    /// seen.
    ///
    /// - Parameters:
    ///   - id: whose.
    ///   - pace: how often to ask, where there is no feed.
    /// - Returns: a feed. Polled, every element is a snapshot whose ``Positioned/source`` is `rest`, and it throws what the
    ///   status means: `.notFound` when the object is gone.
    public func watch(_ id: Model.ID, pace: PollPace = PollPace()) -> Feed<FeedEvent<Model>> {
        self.store.watch(id, pace: pace)
    }

    /// A list, now and whenever it changes: all of its pages are asked for again and again. ``SnapshotDifference`` makes
    /// changes of it.
    ///
    /// - Parameters:
    ///   - query: what to ask for, as the server understands it.
    ///   - pace: how often to ask.
    /// - Returns: a feed of whole lists, each a snapshot. Lists are compared where `Model` is `Equatable`; others count as
    ///   different.
    public func watchList(_ query: HTTPQuery = [:], pace: PollPace = PollPace()) -> Feed<FeedEvent<[Model]>> {
        self.store.watchList(query, pace: pace)
    }
}
