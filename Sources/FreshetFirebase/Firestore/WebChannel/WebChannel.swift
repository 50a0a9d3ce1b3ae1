// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FreshetHTTP

/// A WebChannel (version 8), the transport of Firestore's own web SDK, as one value: events in, requests out.
///
/// A session is made by a POST. What the server has to say comes in the answer to a GET that does not end, the back channel, in
/// numbered arrays; whoever asks again says which number he had, and the server repeats what is after it. What we have to say goes
/// in further POSTs, one at a time. It knows no sockets, clocks or chance: time and jitter come with each event.
package struct WebChannel: Sendable {
    package enum Timer: Sendable, Hashable {
        case handshake
        /// No byte on the back channel for too long.
        case silence
        /// Nothing on the first back channel: something on the way holds its answer back.
        case buffering
        /// The server says that it has sent what has not come.
        case missing
        /// The next attempt of a request that failed.
        case askAgain, sendAgain
    }

    package enum Event: Sendable {
        case start
        /// A message of ours: JSON.
        case send(Bytes)
        /// The head of an answer; `session` is its `X-HTTP-Session-Id`.
        case answered(Int, status: Int, session: String?)
        /// A piece of its body.
        case received(Int, Bytes)
        /// Its end; nil: as it should.
        case ended(Int, FreshetError?)
        case fired(Timer)
        case close
    }

    package enum Action: Sendable {
        case request(WebChannelRequest)
        /// The answer is not wanted any more; `ended` does not follow.
        case cancel(Int)
        case start(Timer, Duration), stop(Timer)
        /// There is a session.
        case opened
        case deliver([Bytes])
        /// It is over.
        case failed(FreshetError, retryAfter: Duration?)
    }

    enum Phase { case new, opening, open, over }

    /// The back channel's present request.
    struct Back {
        let number: Int
        let startedAt: Duration
        var decoder = WebChannelDecoder()
        var hasBytes = false
        var hasArrays = false
    }

    /// Messages on their way, or that have to be sent again.
    struct Forward {
        var number: Int
        let rid: Int
        let ofs: Int
        let messages: [Bytes]
        var startedAt: Duration
        var attempt = 1
        var answer: [UInt8] = []
    }

    /// How often a request is tried again that fails one time after another.
    static let backAttempts = 3
    static let forwardAttempts = 3

    let database: String
    /// What goes along in the handshake, of which the server makes header fields.
    let headers: [(name: String, value: String)]
    let pace: WebChannelPace
    var phase = Phase.new
    var rid: Int
    var requests = 0
    var session: String?
    /// What routes every later request to the same server.
    var route: String?
    var lastArray = 0
    var keepAlive: Duration = .seconds(30)
    var handshake: (number: Int, startedAt: Duration, decoder: WebChannelDecoder)?
    var back: Back?
    var backFailures = 0
    /// Whether the server ends each answer of the back channel when something has come.
    package internal(set) var isLongPolling: Bool
    var isFirstBack = true
    var lastHeard: Duration = .zero
    var waiting: [Bytes] = []
    var forward: Forward?
    /// How many messages were sent, all together.
    var sent = 0
    var actions: [Action] = []
    var now: Duration = .zero
    var jitter: Double = 0

    /// - Parameters:
    ///   - database: `projects/my-app/databases/(default)`.
    ///   - headers: what the server is to take for header fields: the credentials.
    ///   - rid: where the numbers of our requests begin: by chance.
    ///   - isLongPolling: whether answers are known to be held back on the way.
    ///   - pace: how patient it is.
    package init(
        database: String,
        headers: [(name: String, value: String)] = [],
        rid: Int,
        isLongPolling: Bool = false,
        pace: WebChannelPace = WebChannelPace()
    ) {
        self.database = database
        self.headers = headers
        self.rid = rid
        self.isLongPolling = isLongPolling
        self.pace = pace
    }

    /// Before another attempt, the `count`-th that is not made at once.
    func delay(_ count: Int) -> Duration { self.pace.again * (1 + 2 * self.jitter) * count }

    package mutating func on(_ event: Event, at now: Duration, jitter: Double) -> [Action] {
        self.now = now
        self.jitter = jitter
        self.handle(event)
        defer { self.actions = [] }
        return self.actions
    }

    private mutating func handle(_ event: Event) {
        guard self.phase != .over else { return }
        switch event {
        case .start: if self.phase == .new { self.begin() }
        case .send(let message):
            self.waiting.append(message)
            self.sendNext()
        case .answered(let number, let status, let session): self.answered(number, status, session)
        case .received(let number, let bytes): self.received(number, bytes)
        case .ended(let number, let error): self.ended(number, error)
        case .fired(let timer): self.fired(timer)
        case .close: self.close()
        }
    }

    // MARK: - The handshake

    private mutating func begin() {
        self.phase = .opening
        let block = self.headers.map { "\($0.name):\($0.value)\r\n" }.joined()
        let headers = block.isEmpty ? "" : "headers=\(HTTPQuery.encoded(block))&"
        let number = self.request(
            .handshake,
            ["RID": "\(self.rid)", "CVER": "22", "X-HTTP-Session-Id": "gsessionid", "t": "1"],
            body: "\(headers)count=0&ofs=0"
        )
        self.handshake = (number, self.now, WebChannelDecoder())
        self.actions.append(.start(.handshake, self.pace.handshake))
    }

    private mutating func shaken(_ bytes: Bytes) {
        let payloads: [Bytes]
        do throws(WebChannelDecoder.Failure) {
            payloads = try self.handshake?.decoder.decode(bytes) ?? []
        } catch {
            return self.fail(Self.notOurs)
        }
        for payload in payloads {
            guard let arrays = WebChannelArray.reading(payload) else { return self.fail(Self.notOurs) }
            for array in arrays {
                switch array.content {
                case .session(let name, let keepAlive):
                    self.session = name
                    if let keepAlive, keepAlive > .zero { self.keepAlive = keepAlive }
                    self.lastArray = array.id
                case .message(let message): self.deliver([message])
                case .noop: break
                case .stop: return self.fail(Self.stopped)
                }
                guard self.phase == .opening else { return }
            }
        }
        if self.session != nil { self.open() }
    }

    private mutating func open() {
        self.phase = .open
        self.actions += [.stop(.handshake), .opened]
        let roundTrip = self.now - (self.handshake?.startedAt ?? self.now)
        // The rest of the answer says nothing; it is read to its end, so that its connection can be used again.
        self.listen()
        if !self.isLongPolling { self.actions.append(.start(.buffering, max(roundTrip * 4, .seconds(2)))) }
        self.sendNext()
    }

    // MARK: - Answers

    private mutating func answered(_ number: Int, _ status: Int, _ session: String?) {
        guard self.isOurs(number) else { return }
        guard status == 200 else {
            return self.fail(Self.refused(status, isHandshake: number == self.handshake?.number))
        }
        if number == self.handshake?.number, let session, !session.isEmpty { self.route = session }
    }

    private func isOurs(_ number: Int) -> Bool {
        number == self.handshake?.number || number == self.back?.number || number == self.forward?.number
    }

    private mutating func received(_ number: Int, _ bytes: Bytes) {
        if number == self.back?.number {
            self.heard(bytes)
        } else if number == self.handshake?.number {
            if self.phase == .opening { self.shaken(bytes) }
        } else if number == self.forward?.number, (self.forward?.answer.count ?? 0) < 4096 {
            self.forward?.answer += bytes.array
        }
    }

    private mutating func ended(_ number: Int, _ error: FreshetError?) {
        if number == self.back?.number {
            self.backEnded(error)
        } else if number == self.handshake?.number {
            self.handshake = nil
            guard self.phase == .opening else { return }
            self.fail(error ?? Self.notOurs)
        } else if number == self.forward?.number {
            self.forwardEnded(error)
        }
    }

    private mutating func fired(_ timer: Timer) {
        switch timer {
        case .handshake:
            self.fail(
                FreshetError(
                    .timeout(.upgrade),
                    "Firestore did not answer the handshake within \(self.pace.handshake)",
                    hint: "check the project, the database, and that the server is a Firestore"
                )
            )
        case .silence: self.wasSilent()
        case .buffering: self.wasBuffered()
        case .missing: if self.back != nil { self.listenAnew() }
        case .askAgain: if self.back == nil { self.listen() }
        case .sendAgain: self.sendAgain()
        }
    }

    private mutating func close() {
        if self.session != nil {
            self.rid += 1
            _ = self.request(.terminate, ["RID": "\(self.rid)", "TYPE": "terminate"], body: nil)
        }
        self.end()
    }

    mutating func fail(_ error: FreshetError, retryAfter: Duration? = nil) {
        self.end()
        self.actions.append(.failed(error, retryAfter: retryAfter))
    }

    private mutating func end() {
        self.phase = .over
        for number in [self.handshake?.number, self.back?.number, self.forward?.number] {
            if let number { self.actions.append(.cancel(number)) }
        }
        for timer: Timer in [.handshake, .silence, .buffering, .missing, .askAgain, .sendAgain] {
            self.actions.append(.stop(timer))
        }
        (self.handshake, self.back, self.forward, self.waiting) = (nil, nil, nil, [])
    }

    mutating func request(_ kind: WebChannelRequest.Kind, _ query: [String: String], body: String?) -> Int {
        self.requests += 1
        var all = query
        all["VER"] = "8"
        all["database"] = self.database
        if let route, kind != .handshake { all["gsessionid"] = route }
        if let session, kind != .handshake { all["SID"] = session }
        self.actions.append(
            .request(WebChannelRequest(number: self.requests, kind: kind, query: all, body: body))
        )
        return self.requests
    }
}
