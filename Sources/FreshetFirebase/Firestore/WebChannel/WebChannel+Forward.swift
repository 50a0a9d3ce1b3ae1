// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

/// What we have to say: one POST at a time.
extension WebChannel {
    /// What one POST may have.
    private static let batch = 1000
    private static let batchBytes = 1 << 20

    mutating func sendNext() {
        guard self.phase == .open, self.forward == nil, !self.waiting.isEmpty else { return }
        var bytes = 0
        let messages = Array(
            self.waiting.prefix(Self.batch).enumerated().prefix { index, message in
                bytes += message.count
                return index == 0 || bytes <= Self.batchBytes
            }.map(\.element)
        )
        self.waiting.removeFirst(messages.count)
        self.rid += 1
        self.forward = Forward(number: 0, rid: self.rid, ofs: self.sent, messages: messages, startedAt: self.now)
        self.sent += messages.count
        self.post()
    }

    /// Sent again it is the same one: the server does not take it twice.
    private mutating func post() {
        guard let forward = self.forward else { return }
        let messages = forward.messages.enumerated().map { index, message in
            "&req\(index)___data__=\(HTTPQuery.encoded(message.text))"
        }
        let number = self.request(
            .forward,
            ["RID": "\(forward.rid)", "AID": "\(self.lastArray)", "t": "\(forward.attempt)"],
            body: "count=\(messages.count)&ofs=\(forward.ofs)\(messages.joined())"
        )
        self.forward?.number = number
        self.forward?.startedAt = self.now
        self.forward?.answer = []
    }

    mutating func sendAgain() {
        self.forward?.attempt += 1
        self.post()
    }

    mutating func forwardEnded(_ error: FreshetError?) {
        guard let forward = self.forward else { return }
        let numbers = Self.numbers(forward.answer)
        guard error == nil, let numbers else {
            // Until its next attempt it has no request.
            self.forward?.number = 0
            guard forward.attempt < Self.forwardAttempts else { return self.fail(error ?? Self.notOurs) }
            let delay = self.delay(forward.attempt - 1)
            if delay == .zero { self.sendAgain() } else { self.actions.append(.start(.sendAgain, delay)) }
            return
        }
        self.forward = nil
        self.compare(numbers, startedAt: forward.startedAt)
        self.sendNext()
    }

    /// The answer to a POST says whether the server has a back channel, what it has sent on it, and how much is on the way.
    private mutating func compare(_ numbers: [Int], startedAt: Duration) {
        guard numbers.count >= 3, let back = self.back else { return }
        if numbers[0] == 0 {
            // One that is only just begun may have crossed the answer.
            if startedAt - back.startedAt > .seconds(3) { self.listenAnew() }
        } else if numbers[1] > self.lastArray, numbers[2] < 37_500, !self.isLongPolling, self.backFailures == 0 {
            self.back?.hasArrays = false
            self.actions.append(.start(.missing, .seconds(6)))
        }
    }

    private static func numbers(_ answer: [UInt8]) -> [Int]? {
        var decoder = WebChannelDecoder()
        guard let payloads = try? decoder.decode(Bytes(copying: answer)), let payload = payloads.first else {
            return nil
        }
        return payload.elements?.compactMap { Int($0.text) }
    }
}
