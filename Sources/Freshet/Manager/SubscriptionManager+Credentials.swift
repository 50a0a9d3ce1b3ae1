// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a connection shows of who it is, and the end of the session that it is of.
extension SubscriptionManager {
    func ask(_ epoch: Engine.Epoch, _ reason: Credentials.Reason) {
        guard let provider = self.provider else { return }
        self.asking[epoch] = Task { [shown, weak self] in
            let event = await Engine.Event(asking: provider, reason, insteadOf: shown, epoch)
            await self?.asked(epoch, event)
        }
    }

    private func asked(_ epoch: Engine.Epoch, _ event: Engine.Event) {
        guard self.asking.removeValue(forKey: epoch) != nil else { return }
        switch event {
        case .credentials(_, let credentials): self.watch(credentials)
        case .signedOut: self.shown = nil
        default: break
        }
        self.handle(event)
    }

    private func watch(_ credentials: Credentials) {
        self.shown = credentials
        self.signOut?.cancel()
        self.signOut = credentials.signedOut.map { signedOut in
            Task { [weak self] in
                guard let error = await signedOut() else { return }
                await self?.ended(error)
            }
        }
    }

    private func ended(_ error: FreshetError) {
        // Those who come next may be of another session.
        guard !Task.isCancelled else { return }
        self.shown = nil
        self.handle(.signedOut(error))
    }
}
