// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What comes after the end of one watch. It decides, and the link carries out.
enum KubernetesVerdict: Equatable {
    /// Watch on, at once.
    case again
    /// Watch on after a backoff, no sooner than this.
    case later(reason: String, after: Duration)
    /// From a new list.
    case gone(reason: String)
    /// Never: the server does not understand what is asked for.
    case refused(status: Int, reason: String)
    /// There is no WebSocket here: as a chunked answer of HTTP.
    case streamed
    /// The whole connection ends like this.
    case hopeless(ConnectionEnd)

    /// A watch that ends sooner, and without an event, has not been one: client-go calls it a very short watch.
    private static let shortest: Duration = .seconds(1)
    /// A watch that broke after so long was well: it is made again without a backoff.
    private static let healthy: Duration = .seconds(30)

    /// A watch over WebSocket has ended.
    ///
    /// - Parameters:
    ///   - end: how.
    ///   - life: for how long it was open; nil: not at all.
    ///   - hadEvents: whether anything came.
    init(webSocket end: ConnectionEnd, life: Duration?, hadEvents: Bool) {
        if let life {
            self.init(open: end, life: life, hadEvents: hadEvents)
            return
        }
        guard case .failure(let error, let retryAfter) = end else {
            self = .later(reason: end.error.message, after: .zero)
            return
        }
        switch error.refusal?.status {
        case 401?: self = .hopeless(end)
        case 410?: self = .gone(reason: error.message)
        case 408?, 425?, 429?, (500...)?:
            self = .later(reason: error.message, after: retryAfter ?? ClosePolicy.relief)
        case .some: self = .streamed
        case nil:
            if case .proxyRefused = error.kind { self = .streamed } else { self.init(unasked: end) }
        }
    }

    /// A watch as a chunked answer has ended.
    ///
    /// - Parameters:
    ///   - error: why; nil: it was complete.
    ///   - life: since its head had come; nil: it never did.
    ///   - hadEvents: whether anything came.
    ///   - refusal: how the WebSocket was refused before.
    init(answer error: FreshetError?, life: Duration?, hadEvents: Bool, refusal: ConnectionEnd?) {
        guard let error else {
            self.init(open: .closeFrame(code: 1000, reason: ""), life: life ?? .zero, hadEvents: hadEvents)
            return
        }
        if let life {
            self.init(open: .failure(error), life: life, hadEvents: hadEvents)
            return
        }
        switch error.refusal?.status {
        case 401?: self = .hopeless(.failure(error))
        case 410?: self = .gone(reason: error.message)
        case 408?, 425?, 429?, (500...)?:
            self = .later(reason: error.message, after: error.refusal?.retryAfter ?? ClosePolicy.relief)
        case 400?, 422?: self = .refused(status: error.refusal?.status ?? 400, reason: error.message)
        // Neither is to be had. What was said of the WebSocket is what makes feeds poll.
        case .some: self = .hopeless(refusal ?? .failure(error))
        case nil: self.init(unasked: .failure(error))
        }
    }

    private init(open end: ConnectionEnd, life: Duration, hadEvents: Bool) {
        switch end {
        case .closeFrame(code: 1000, _), .closeFrame(code: 1001, _):
            self =
                life >= Self.shortest || hadEvents
                ? .again : .later(reason: "the server ended the watch at once", after: Self.shortest)
        default:
            if life >= Self.healthy, case .failure = end, ClosePolicy().decision(on: end) == .retry {
                self = .again
            } else {
                self.init(unasked: end)
            }
        }
    }

    /// Nobody has answered in HTTP.
    private init(unasked end: ConnectionEnd) {
        switch ClosePolicy().decision(on: end) {
        case .retry: self = .later(reason: end.error.message, after: .zero)
        case .retryAfter(let delay): self = .later(reason: end.error.message, after: delay)
        case .refreshCredentials, .fatal: self = .hopeless(end)
        }
    }
}
