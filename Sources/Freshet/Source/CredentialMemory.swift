// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// The last credentials that a provider gave, for requests: a socket asks before each attempt to connect, but a request must
/// not make a provider work each time.
package actor CredentialMemory {
    package struct Held: Sendable {
        package let credentials: Credentials
        /// Counts what the provider has given.
        package let generation: UInt64
        let expiry: Duration?
    }

    private let provider: CredentialProvider
    private let time: TimeSource
    private var held: Held?
    private var lastGeneration: UInt64 = 0
    private var asking: Task<Result<Held, FreshetError>, Never>?

    package init(_ provider: @escaping CredentialProvider, time: TimeSource) {
        self.provider = provider
        self.time = time
    }

    /// What is good now; asks the provider where nothing is.
    package func current() async throws(FreshetError) -> Held {
        if let held = self.held, held.expiry.map({ $0 > self.time.now() }) ?? true { return held }
        return try await self.ask(self.held == nil ? .connecting : .expiring)
    }

    /// Others than those of this generation, which were refused; newer ones that are there already will do.
    package func other(than generation: UInt64) async throws(FreshetError) -> Held {
        if let held = self.held, held.generation > generation { return held }
        return try await self.ask(.refused)
    }

    /// What a connection has just been given is what requests show from now on: nobody need be asked for that again.
    package func adopt(_ credentials: Credentials) {
        let isKnown =
            self.held.map { held in
                held.credentials.headers == credentials.headers && held.credentials.parameters == credentials.parameters
                    && held.credentials.url == credentials.url
            } ?? false
        if !isKnown { self.lastGeneration += 1 }
        self.hold(credentials)
    }

    /// One call at a time, however many wait for it; cancelling one of them does not cancel it.
    private func ask(_ reason: Credentials.Reason) async throws(FreshetError) -> Held {
        let task = self.asking ?? Task { await self.asked(reason) }
        self.asking = task
        return try await task.value.get()
    }

    private func asked(_ reason: Credentials.Reason) async -> Result<Held, FreshetError> {
        defer { self.asking = nil }
        let credentials: Credentials
        do {
            credentials = try await self.provider(reason)
        } catch let end as SessionEnd {
            self.held = nil
            return .failure(end.error)
        } catch let error as FreshetError {
            return .failure(error)
        } catch {
            return .failure(.provider(error))
        }
        self.lastGeneration += 1
        return .success(self.hold(credentials))
    }

    @discardableResult
    private func hold(_ credentials: Credentials) -> Held {
        // A little before their end: the request takes time too.
        let life = credentials.lifetime.map { $0 - min($0 / 10, .seconds(10)) }
        let held = Held(
            credentials: credentials,
            generation: self.lastGeneration,
            expiry: life.map { self.time.now() + $0 }
        )
        self.held = held
        return held
    }
}

extension FreshetError {
    /// A provider of credentials failed with an error of its own, whose words may contain a secret.
    static func provider(_ error: any Error) -> FreshetError {
        FreshetError(
            .credentials,
            "the provider of credentials failed with \(type(of: error))",
            hint: "let it throw a FreshetError to say more"
        )
    }
}
