// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
package import FreshetHTTP

/// A Firestore database: documents in collections, read, written and asked for over its REST API.
///
/// ```swift
/// let firestore = Firestore(project: "my-app", configuration: .init(credentials: session.provider()))
/// let ada = firestore.collection("users").document("ada")
/// try await ada.create(User(name: "Ada"))
/// try await ada.update(["visits": .increment(1), "seen": .serverTimestamp])
/// let user = try await ada.get().decoded(as: User.self)
/// let grown = try await firestore.collection("users").where("age", .greaterThanOrEqual, 18).get()
/// ```
///
/// What cannot be, such as a path of a collection where a document's is needed, is told by the first call, as `.invalidInput`.
/// Reads are sent again as the configuration's `retries` say. Writes are sent once: where the answer does not come they throw
/// `.outcomeUnknown`. Cancelling the task of a call throws `.cancelled`.
///
/// It can be used from any thread, and copies share their connections.
public struct Firestore: Sendable {
    let http: FirestoreHTTP
    /// `projects/my-app/databases/(default)`.
    let database: Result<String, FreshetError>
    let configuration: FirestoreConfiguration
    /// The watches, or why there can be none.
    let watches: Result<FirestoreWatches, FreshetError>

    /// Makes a client; nothing is connected before the first call.
    ///
    /// - Parameters:
    ///   - project: the project's id.
    ///   - configuration: which database, where, and as whom.
    public init(project: String, configuration: FirestoreConfiguration = FirestoreConfiguration()) {
        self.init(project: project, configuration: configuration, transport: nil)
    }

    package init(
        project: String,
        configuration: FirestoreConfiguration,
        transport: (any HTTPTransport)?,
        time: TimeSource = TimeSource()
    ) {
        self.configuration = configuration
        self.http = FirestoreHTTP(configuration, transport: transport, time: time)
        do throws(FreshetError) {
            try Self.check(project, "project")
            try Self.check(configuration.database, "database")
            let database = "projects/\(project)/databases/\(configuration.database)"
            self.database = .success(database)
            self.watches = Result { () throws(FreshetError) in
                try FirestoreWatches(configuration, database: database, transport: transport, time: time)
            }
        } catch {
            self.database = .failure(error)
            self.watches = .failure(error)
        }
    }

    private static func check(_ name: String, _ what: String) throws(FreshetError) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x28, 0x29, 0x2D, 0x2E, 0x3A, 0x5F: true
            default: false
            }
        }
        guard isPlain, !name.isEmpty else {
            throw FreshetError(
                .invalidInput,
                "no \(what) of Firestore is called \"\(name.prefix(60))\"",
                hint: what == "project" ? "it is the project's id, as in my-app-1234" : "it is (default), or letters"
            )
        }
    }

    // MARK: - Places

    /// A collection.
    ///
    /// - Parameter path: where it is: `users`, or `users/ada/letters`.
    /// - Returns: the collection.
    public func collection(_ path: String) -> FirestoreCollectionReference {
        FirestoreCollectionReference(
            firestore: self,
            location: Result { () throws(FreshetError) in try FirestorePath(path).checkedAsCollection() }
        )
    }

    /// A document.
    ///
    /// - Parameter path: where it is: `users/ada`.
    /// - Returns: the document.
    public func document(_ path: String) -> FirestoreDocumentReference {
        FirestoreDocumentReference(
            firestore: self,
            location: Result { () throws(FreshetError) in try FirestorePath(path).checkedAsDocument() }
        )
    }

    /// A document that another one names.
    ///
    /// - Parameter name: its name; one of another database is told by the first call.
    /// - Returns: the document.
    public func document(_ name: FirestoreName) -> FirestoreDocumentReference {
        FirestoreDocumentReference(
            firestore: self,
            location: Result { () throws(FreshetError) in
                guard try self.database.get() == name.database else {
                    throw FreshetError(.invalidInput, "the document \(name) is not in this database")
                }
                return try FirestorePath(name.path)
            }
        )
    }

    /// All collections of a name, wherever they are.
    ///
    /// - Parameter id: the last part of their paths.
    /// - Returns: a query for the documents in them.
    public func collectionGroup(_ id: String) -> FirestoreQuery {
        FirestoreQuery(
            firestore: self,
            structured: Result { () throws(FreshetError) in
                let path = try FirestorePath(id)
                guard path.parts.count == 1 else {
                    throw FreshetError(.invalidInput, "the name of a collection group has no slash")
                }
                return FirestoreStructuredQuery(
                    database: try self.database.get(),
                    parent: nil,
                    collectionID: id,
                    isGroup: true
                )
            }
        )
    }

    // MARK: - The stream of the watches

    /// What the watches' stream does, from now on, beginning with its present state. A reader that is slow misses the oldest.
    public var connectionStates: AsyncStream<ConnectionState> {
        (try? self.watches.get())?.subscriptions.states ?? AsyncStream { $0.finish() }
    }

    /// How the watches are: now, and again after each interval.
    ///
    /// - Parameter interval: how often.
    /// - Returns: a sequence that ends when its task is cancelled.
    public func health(every interval: Duration = .seconds(1)) -> AsyncStream<ConnectionHealth> {
        (try? self.watches.get())?.subscriptions.health(every: interval) ?? AsyncStream { $0.finish() }
    }

    /// Tells what the app, or its system, knows of the network or of itself: a changed network, sleep.
    ///
    /// - Parameter hint: what happened.
    public func hint(_ hint: ConnectionHint) { (try? self.watches.get())?.subscriptions.hint(hint) }

    /// Ends every watch with `.clientClosed`, and returns when the stream is gone: after 1 s at most. There are no watches any more
    /// then; calls still work.
    public func close() async { await (try? self.watches.get())?.subscriptions.close() }

    // MARK: - Several documents

    /// Reads several documents as they were at one moment.
    ///
    /// - Parameter references: which.
    /// - Returns: the documents in the same order; nil for those that are not there.
    /// - Throws: `.forbidden`, `.decoding`, or why there was no answer.
    public func get(_ references: [FirestoreDocumentReference]) async throws(FreshetError) -> [FirestoreDocument?] {
        struct Question: Encodable { let documents: [FirestoreName] }
        struct Answer: Decodable { let found: FirestoreDocument?, missing: FirestoreName? }
        guard !references.isEmpty else { return [] }
        var names: [FirestoreName] = []
        for reference in references { names.append(try reference.name.get()) }
        let answers = try await self.http.ask(
            "\(try self.database.get())/documents:batchGet",
            // Each is answered once, however often it is asked for.
            Question(documents: Array(Set(names)).sorted { $0.description < $1.description }),
            as: Answer.self
        )
        var found: [FirestoreName: FirestoreDocument?] = [:]
        for answer in answers {
            if let document = answer.found { found[document.name] = .some(document) }
            if let name = answer.missing { found[name] = .some(nil) }
        }
        var documents: [FirestoreDocument?] = []
        for name in names {
            guard let document = found[name] else {
                throw FreshetError(.protocolViolation, "Firestore did not say whether \(name.path) is there")
            }
            documents.append(document)
        }
        return documents
    }

    /// Commits writes: all of them, or none.
    ///
    /// - Parameter batch: the writes.
    /// - Returns: what has come of each, in order.
    /// - Throws: `.conflict` and `.notFound` when a precondition does not hold, `.forbidden`, `.outcomeUnknown`, or why nothing
    ///   could be written.
    @discardableResult
    public func commit(_ batch: FirestoreBatch) async throws(FreshetError) -> [FirestoreWriteResult] {
        try await self.commit(batch.writes)
    }

    func commit(_ writes: [FirestoreWrite]) async throws(FreshetError) -> [FirestoreWriteResult] {
        struct Question: Encodable { let writes: [FirestoreWrite] }
        struct Answer: Decodable {
            struct Result: Decodable { let updateTime: FirestoreTimestamp?, transformResults: [FirestoreValue]? }
            let writeResults: [Result]?
        }
        guard !writes.isEmpty else { return [] }
        let path = "\(try self.database.get())/documents:commit"
        let answer = try await self.http.write(path, Question(writes: writes), as: Answer.self)
        let results = answer.writeResults ?? []
        guard results.count == writes.count else {
            throw FreshetError(.outcomeUnknown, "\(writes.count) writes have \(results.count) results")
        }
        return zip(writes, results).map { write, result in
            FirestoreWriteResult(
                updateTime: result.updateTime,
                transformed: Dictionary(
                    zip(write.transformedFields, result.transformResults ?? []),
                    uniquingKeysWith: { _, last in last }
                )
            )
        }
    }
}
