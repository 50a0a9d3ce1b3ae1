// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What the server has to say.
extension WebChannel {
    mutating func listen() {
        self.back = nil
        let number = self.request(
            .back,
            [
                "RID": "rpc", "AID": "\(self.lastArray)", "CI": self.isLongPolling ? "1" : "0", "TYPE": "xmlhttp",
                "t": "\(self.backFailures + 1)",
            ],
            body: nil
        )
        self.back = Back(number: number, startedAt: self.now)
        self.lastHeard = self.now
        self.actions += [.stop(.missing), .start(.silence, self.patience)]
    }

    /// How long nothing at all may come.
    private var patience: Duration { self.keepAlive * 1.5 }

    /// The server ends the old answer when there is a new request, and repeats what has not been acknowledged.
    mutating func listenAnew() {
        if let back { self.actions.append(.cancel(back.number)) }
        self.listen()
    }

    mutating func heard(_ bytes: Bytes) {
        self.lastHeard = self.now
        if self.isFirstBack {
            self.isFirstBack = false
            self.actions.append(.stop(.buffering))
        }
        self.back?.hasBytes = true
        do throws(WebChannelDecoder.Failure) {
            for payload in try self.back?.decoder.decode(bytes) ?? [] {
                guard let arrays = WebChannelArray.reading(payload) else { return self.heardNonsense() }
                guard self.take(arrays) else { return }
            }
        } catch {
            self.heardNonsense()
        }
    }

    private mutating func heardNonsense() {
        if let back { self.actions.append(.cancel(back.number)) }
        self.backFailed(Self.notOurs)
    }

    /// Hands on what is new; false when the channel does not go on as it was.
    private mutating func take(_ arrays: [WebChannelArray]) -> Bool {
        var messages: [Bytes] = []
        defer { if self.phase == .open { self.deliver(messages) } }
        for array in arrays where array.id > self.lastArray {
            guard array.id == self.lastArray + 1 else {
                // Something is missing before it: the server still has it.
                self.heardNonsense()
                return false
            }
            self.lastArray = array.id
            self.back?.hasArrays = true
            self.backFailures = 0
            switch array.content {
            case .message(let message):
                messages.append(message)
            case .noop, .session: break
            case .stop:
                self.deliver(messages)
                messages = []
                self.fail(Self.stopped)
                return false
            }
        }
        if self.back?.hasArrays == true { self.actions.append(.stop(.missing)) }
        return true
    }

    mutating func deliver(_ messages: [Bytes]) {
        if !messages.isEmpty { self.actions.append(.deliver(messages)) }
    }

    mutating func backEnded(_ error: FreshetError?) {
        guard let back = self.back else { return }
        if let error { return self.backFailed(error) }
        guard back.decoder.isBetweenPayloads, back.hasArrays || self.isLongPolling && back.hasBytes else {
            return self.backFailed(FreshetError(.interrupted, "the server ended its answer before it was complete"))
        }
        self.listen()
    }

    /// Once at once, then after a while; and then the channel is given up.
    private mutating func backFailed(_ error: FreshetError) {
        self.back = nil
        self.actions.append(.stop(.silence))
        guard self.backFailures < Self.backAttempts else {
            return self.fail(
                FreshetError(
                    .interrupted,
                    "the channel's answers broke off again and again: \(error.message)",
                    hint: error.hint
                )
            )
        }
        let delay = self.delay(self.backFailures)
        self.backFailures += 1
        if delay == .zero { self.listen() } else { self.actions.append(.start(.askAgain, delay)) }
    }

    mutating func wasSilent() {
        guard let back = self.back else { return }
        let quiet = self.now - self.lastHeard
        guard quiet >= self.patience else { return self.actions.append(.start(.silence, self.patience - quiet)) }
        // A server that has nothing to say may be silent. One that did not even begin to answer is not there.
        if back.hasBytes { return self.listenAnew() }
        self.actions.append(.cancel(back.number))
        self.backFailed(FreshetError(.timeout(.keepAlive), "nothing came for \(quiet)"))
    }

    mutating func wasBuffered() {
        guard self.isFirstBack, !self.isLongPolling else { return }
        self.isLongPolling = true
        self.listenAnew()
    }
}
