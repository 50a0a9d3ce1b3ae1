// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetFirebase
import FreshetGraphQL

/// What the clients of all sources have.
protocol FeedClient: Sendable {
    var connectionStates: AsyncStream<ConnectionState> { get }
    func hint(_ hint: ConnectionHint)
    func close() async
}

extension GraphQLClient: FeedClient {}
extension EtcdClient: FeedClient {}
extension NATSClient: FeedClient {}
extension Firestore: FeedClient {}
extension RealtimeDatabase: FeedClient {}
