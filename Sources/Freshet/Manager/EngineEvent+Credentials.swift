// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension SubscriptionEngine.Event {
    /// Asks a provider for an attempt's credentials, and says what came of it.
    init(
        asking provider: CredentialProvider,
        _ reason: Credentials.Reason,
        _ epoch: ConnectionMachine.Epoch
    ) async {
        do {
            self = .credentials(epoch, try await provider(reason))
        } catch let end as SessionEnd {
            self = .signedOut(end.error)
        } catch let error as FreshetError {
            self = .credentialsFailed(epoch, error)
        } catch {
            // The error's own words may contain a secret.
            let message = "the provider of credentials failed with \(type(of: error))"
            let hint = "let it throw a FreshetError to say more"
            self = .credentialsFailed(epoch, FreshetError(.credentials, message, hint: hint))
        }
    }
}
