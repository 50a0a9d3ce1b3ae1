// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension SubscriptionEngine.Event {
    /// Asks a provider for an attempt's credentials instead of what was shown before, and says what came of it.
    init(
        asking provider: CredentialProvider,
        _ reason: Credentials.Reason,
        insteadOf shown: Credentials?,
        _ epoch: ConnectionMachine.Epoch
    ) async {
        do {
            self = .credentials(
                epoch,
                try await Credentials.$replaced.withValue(shown) { try await provider(reason) }
            )
        } catch let end as SessionEnd {
            self = .signedOut(end.error)
        } catch let error as FreshetError {
            self = .credentialsFailed(epoch, error)
        } catch {
            self = .credentialsFailed(epoch, .provider(error))
        }
    }
}
