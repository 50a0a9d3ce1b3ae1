// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension Firestore {
    /// Runs a transaction, again when somebody has changed meanwhile what it had read.
    ///
    /// - Parameters:
    ///   - attempts: how often at most.
    ///   - isolation: where the caller runs; there is no hop.
    ///   - body: reads, then writes, and returns what is to be known outside. It may run more than once. Nothing is written when it
    ///     throws.
    /// - Returns: what the body returned when its writes were committed.
    /// - Throws: what the body threw; `.conflict` when others were faster each time; `.outcomeUnknown` when the answer to the
    ///   commit did not come: it is not repeated then; otherwise why nothing could be written.
    public func runTransaction<Result>(
        attempts: Int = 5,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (inout FirestoreTransaction) async throws -> Result
    ) async throws -> Result {
        var attempt = 1
        while true {
            var transaction = FirestoreTransaction(self)
            let result = try await body(&transaction)
            do throws(FreshetError) {
                guard !transaction.isTorn else {
                    throw FreshetError(.conflict(version: nil), "a document was changed between two reads of it")
                }
                _ = try await self.commit(transaction.writes)
                return result
            } catch {
                guard attempt < attempts, transaction.mayPass(after: error) else { throw error }
            }
            let wait = self.configuration.transactionBackoff.delay(attempt: attempt, jitter: self.http.time.jitter())
            do {
                try await self.http.time.sleep(wait)
            } catch {
                throw FreshetError(.cancelled, "the task was cancelled between two attempts of a transaction")
            }
            attempt += 1
        }
    }
}

extension FirestoreTransaction {
    /// Whether another attempt may be committed: somebody was faster.
    fileprivate func mayPass(after error: FreshetError) -> Bool {
        guard case .conflict = error.kind else { return false }
        // What is made without a look at what is there will not be otherwise next time.
        return error.firestoreCode == "ABORTED" || self.hasRead
    }
}
