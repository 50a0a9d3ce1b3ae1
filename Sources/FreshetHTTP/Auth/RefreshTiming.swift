// SPDX-License-Identifier: Apache-2.0

/// When a credential is renewed, in the time of a clock that never goes back.
///
/// | it lives | renewed ahead, beside the calls, when there is left | calls wait for the new one when there is left |
/// |---|---|---|
/// | 10 min and more | 10 % of its life, to 11 % by chance | 2 s |
/// | 2 min to 10 min | 60 s, to 66 s by chance | 2 s |
/// | less than 2 min | 10 %, to 25 % by chance | 2 % of its life, 2 s at most |
/// | nobody knows how long | never | never: it is renewed when the server refuses it |
///
/// By chance, so that programs that were started together do not renew together.
struct RefreshTiming: Sendable, Hashable {
    /// The end.
    let end: Duration
    /// From then on it is renewed ahead.
    let ahead: Duration
    /// From then on it is not sent any more: it would be over when it arrives.
    let last: Duration

    /// - Parameters:
    ///   - life: all of its life.
    ///   - left: what is left of it.
    ///   - now: the time.
    ///   - jitter: chance, in 0..<1.
    init(life: Duration, left: Duration, now: Duration, jitter: Double) {
        let margin =
            life < .seconds(120)
            ? life * (0.10 + 0.15 * jitter)
            : max(.seconds(60), life / 10) * (1 + 0.1 * jitter)
        self.end = now + left
        self.ahead = self.end - margin
        self.last = self.end - min(.seconds(2), life / 50)
    }
}
