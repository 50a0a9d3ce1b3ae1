// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetTransport

extension SubscriptionEngine {
    /// What a consumer wants.
    package struct Opening: Sendable {
        package var request: Source.Request
        package var recovery: Recovery
        package var position: Position?
        /// Equal ones share a stream; nil: this one is for its consumer alone.
        package var sharing: Sharing?
        /// Whether the snapshot is to be had without the WebSocket.
        package let isPollable: Bool
        /// Whether positions without data are handed out, as bookmarks.
        package let hearsBookmarks: Bool
        /// How long a snapshot may take.
        package let fetchDeadline: Duration

        package init(
            _ request: Source.Request,
            recovery: Recovery = .none,
            from position: Position? = nil,
            isShared: Bool = true,
            isPollable: Bool = false,
            hearsBookmarks: Bool = false,
            fetchDeadline: Duration = .seconds(10)
        ) {
            self.request = request
            self.recovery = recovery
            self.position = position
            self.isPollable = isPollable && (recovery == .snapshot || recovery == .list)
            self.hearsBookmarks = hearsBookmarks
            self.fetchDeadline = fetchDeadline
            // What a snapshot says cannot be said again to somebody who joins later.
            let canBeShared = ![.snapshot, .custom, .list].contains(recovery) && position == nil
            self.sharing = isShared && canBeShared ? Sharing(request: request, recovery: recovery) : nil
        }
    }

    /// What has to be equal.
    package struct Sharing: Sendable, Hashable {
        let request: Source.Request
        let recovery: Recovery
    }

    package enum Timer: Sendable, Hashable {
        case connection(ConnectionMachine.Timer, Epoch)
        /// The next burst of subscriptions.
        case pace(Epoch)
        /// The answer to a ping that tells that subscriptions were read.
        case settle(Epoch)
        /// The time for what the old connection was told before the new one was subscribed.
        case lastWord(Epoch)
        /// The longest silence of a server that says how long it is.
        case silence(Epoch)
        /// The same of one subscription.
        case silenceOf(SubscriptionID)
        /// The confirmation of one subscription before the next.
        case confirmation(Epoch, SubscriptionID)
        /// A subscription that the server could not serve.
        case again(SubscriptionID)
        /// The end of a fetch, and the next one after a failure.
        case fetch(SubscriptionID, Int), refetch(SubscriptionID, Int)
        /// The next poll, and the end of one.
        case nextPoll(SubscriptionID), poll(SubscriptionID, Int)
    }

    package enum Event: Sendable {
        /// The client is there.
        case start
        case open(ConsumerID, Opening)
        case leave(ConsumerID)
        /// This consumer's buffer is full, or has room again.
        case full(ConsumerID), drained(ConsumerID)
        case hint(ConnectionHint)
        case close
        case credentials(Epoch, Credentials), credentialsFailed(Epoch, FreshetError)
        /// The user whose credentials they were is signed out.
        case signedOut(FreshetError)
        case opened(Epoch, subprotocol: String?)
        case messages(Epoch, [MessageBatch])
        /// The last ping of the WebSocket was answered.
        case ponged(Epoch)
        /// Always the last word of an epoch.
        case ended(Epoch, ConnectionEnd)
        case fetched(SubscriptionID, Int, Result<Fetched, FreshetError>)
        case polled(SubscriptionID, Int, Result<Fetched, FreshetError>)
        case fired(Timer)
    }

    package enum Action: Sendable {
        case askCredentials(Epoch, Credentials.Reason), dropCredentials(Epoch)
        case dial(Epoch, Credentials?)
        case send(Epoch, WebSocketMessage)
        case pauseReading(Epoch), resumeReading(Epoch), probe(Epoch)
        case close(Epoch, CloseFrame, ConnectionEnd), abandon(Epoch, ConnectionEnd)
        case deliver([ConsumerID], [FeedItem])
        case finish(ConsumerID, DeliveryBuffer<FeedItem>.End)
        /// Ask for a snapshot beside the subscription, or instead of one; of a subscription one at a time.
        case fetch(SubscriptionID, Int, SnapshotRequest, for: ConsumerID)
        case poll(SubscriptionID, Int, SnapshotRequest, for: ConsumerID)
        case cancelFetch(SubscriptionID)
        case start(Timer, Duration), stop(Timer)
        case report(ConnectionState)
        /// A connection was acknowledged: for the figures.
        case connected(Epoch)
        /// For the log: a server did something odd.
        case note(String)
    }
}
