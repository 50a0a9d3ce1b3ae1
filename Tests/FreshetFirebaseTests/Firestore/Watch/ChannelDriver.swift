// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase

/// Drives a channel by hand, and keeps what it does.
struct ChannelDriver {
    var channel: WebChannel
    var now: Duration = .zero
    var jitter = 0.5
    private(set) var requests: [WebChannelRequest] = []
    private(set) var cancelled: [Int] = []
    private(set) var messages: [String] = []
    private(set) var timers: [WebChannel.Timer: Duration] = [:]
    private(set) var failure: FreshetError?
    private(set) var opened = 0

    static let database = "projects/demo/databases/(default)"

    init(isLongPolling: Bool = false, headers: [(name: String, value: String)] = []) {
        self.channel = WebChannel(database: Self.database, headers: headers, rid: 100, isLongPolling: isLongPolling)
    }

    /// One whose handshake is done; the numbers of its requests are 1 (handshake) and 2 (back channel).
    static func open(isLongPolling: Bool = false) -> ChannelDriver {
        var driver = ChannelDriver(isLongPolling: isLongPolling)
        driver.on(.start)
        driver.on(.answered(1, status: 200, session: "route/1"))
        driver.on(.received(1, Self.framed(#"[[0,["c","sid","",8,12,30000]]]"#)))
        driver.on(.ended(1, nil))
        driver.on(.answered(2, status: 200, session: nil))
        return driver
    }

    mutating func on(_ event: WebChannel.Event) {
        for action in self.channel.on(event, at: self.now, jitter: self.jitter) {
            switch action {
            case .request(let request): self.requests.append(request)
            case .cancel(let number): self.cancelled.append(number)
            case .start(let timer, let delay): self.timers[timer] = self.now + delay
            case .stop(let timer): self.timers[timer] = nil
            case .opened: self.opened += 1
            case .deliver(let messages): self.messages += messages.map(\.text)
            case .failed(let error, _): self.failure = error
            }
        }
    }

    /// A payload on the back channel that is open now.
    mutating func hear(_ payload: String) { self.on(.received(self.back?.number ?? 0, Self.framed(payload))) }

    mutating func fire(_ timer: WebChannel.Timer) {
        guard let time = self.timers.removeValue(forKey: timer) else { return }
        self.now = max(self.now, time)
        self.on(.fired(timer))
    }

    var back: WebChannelRequest? { self.requests.last { $0.kind == .back } }
    var forwards: [WebChannelRequest] { self.requests.filter { $0.kind == .forward } }

    static func framed(_ payload: String) -> Bytes { Bytes(copying: "\(payload.utf16.count)\n\(payload)".utf8) }
}
