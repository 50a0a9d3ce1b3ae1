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
    private var asking: (number: UInt64, task: Task<Result<Held, FreshetError>, Never>)?
    /// How often the provider was asked, and which of these calls what is held is of: one that was given up may still return.
    private var lastCall: UInt64 = 0
    private var heldCall: UInt64 = 0
    /// How long the provider may take.
    private let patience = ConnectionPolicy().credentials

    package init(_ provider: @escaping CredentialProvider, time: TimeSource) {
        self.provider = provider
        self.time = time
    }

    /// What is good now, of the user who is signed in now; asks the provider where nothing is.
    package func current() async throws(FreshetError) -> Held {
        if let held = self.held {
            let isSignedIn = await held.credentials.lease?.isSignedIn() ?? true
            if isSignedIn, held.expiry.map({ $0 > self.time.now() }) ?? true { return held }
            if !isSignedIn, self.held?.generation == held.generation { self.held = nil }
        }
        return try await self.ask(self.held == nil ? .connecting : .expiring)
    }

    /// Others than these, which were refused; newer ones that are there already will do.
    package func other(than refused: Held) async throws(FreshetError) -> Held {
        // A session knows itself what is newer; and what one user asked it does not let be asked again as another.
        if refused.credentials.lease != nil {
            self.lastCall += 1
            let number = self.lastCall
            return try await self.wait(for: Task { await self.asked(.refused, refused.credentials, number) })
        }
        if let held = self.held, held.generation > refused.generation { return held }
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

    /// One call at a time, however many wait for it; cancelling one of them does not cancel it. One that takes too long is given up.
    private func ask(_ reason: Credentials.Reason) async throws(FreshetError) -> Held {
        let number = self.asking?.number ?? self.lastCall + 1
        let task =
            self.asking?.task
            ?? Task {
                defer { self.forget(number) }
                return await self.asked(reason, self.held?.credentials, number)
            }
        self.lastCall = max(self.lastCall, number)
        self.asking = (number, task)
        do throws(FreshetError) {
            return try await self.wait(for: task)
        } catch {
            if error.kind == .timeout(.credentials) { self.forget(number) }
            throw error
        }
    }

    private func forget(_ number: UInt64) {
        if self.asking?.number == number { self.asking = nil }
    }

    private func wait(for task: Task<Result<Held, FreshetError>, Never>) async throws(FreshetError) -> Held {
        let (answers, answer) = AsyncStream<Result<Held, FreshetError>>.makeStream()
        let waiting = Task { answer.yield(await task.value) }
        let deadline = Task { [time, patience] in
            guard (try? await time.sleep(patience)) != nil else { return }
            answer.yield(.failure(Self.late(patience)))
        }
        defer {
            waiting.cancel()
            deadline.cancel()
        }
        // A task that is cancelled has no next one.
        for await first in answers { return try first.get() }
        throw FreshetError(.cancelled, "the task was cancelled")
    }

    private static func late(_ patience: Duration) -> FreshetError {
        FreshetError(
            .timeout(.credentials),
            "the credentials did not come within \(patience)",
            hint: "the provider of credentials does not return"
        )
    }

    private func asked(
        _ reason: Credentials.Reason,
        _ shown: Credentials?,
        _ number: UInt64
    ) async -> Result<Held, FreshetError> {
        let credentials: Credentials
        do {
            credentials = try await Credentials.$replaced.withValue(shown) { try await self.provider(reason) }
        } catch let end as SessionEnd {
            self.held = nil
            return .failure(end.error)
        } catch let error as FreshetError {
            return .failure(error)
        } catch {
            return .failure(.provider(error))
        }
        // What is held is newer: this is for who has waited for it, and older than all.
        guard number > self.heldCall else {
            return .success(Held(credentials: credentials, generation: 0, expiry: nil))
        }
        self.heldCall = number
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
