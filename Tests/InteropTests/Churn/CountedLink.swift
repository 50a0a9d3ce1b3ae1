// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport

/// One connection beneath the public WebSocket, whose events are counted. It lives on the loop.
actor CountedLink {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
    private var link: (any WebSocketLink)?
    private(set) var report = ChurnReport()
    private let opened = Witness<Bool>()
    private let ended = Witness<Void>()

    init(on loop: EventLoop) { self.loop = loop }

    func dial(_ url: String, _ configuration: WebSocketConfiguration) throws {
        let target = WebSocketTarget(endpoint: try Endpoint(url), configuration: configuration)
        self.link = LWSTransport().dial(target, on: self.loop) { event in
            self.assumeIsolated { $0.heard(event) }
        }
    }

    private func heard(_ event: WebSocketEvent) {
        if self.report.ends > 0 { self.report.late += 1 }
        switch event {
        case .opened:
            self.report.note("opened")
            self.opened.tell(true)
        case .messages, .roundTrip: break
        case .ended(let end):
            self.report.ends += 1
            self.link = nil  // it keeps its listener, which we are
            if case .failure(let error, _) = end { self.report.note(error) }
            self.opened.tell(false)
            self.ended.tell(())
        }
    }

    /// Waits until it is open; false when it ends before.
    nonisolated func open() async -> Bool { await self.opened.next() ?? false }

    nonisolated func end() async { await self.ended.next() }

    func abandon() { self.link?.abandon(.ours) }
    func pause() { self.link?.pauseReading() }
    func resume() { self.link?.resumeReading() }
    func close() { self.link?.close(CloseFrame(code: 1000, reason: "bye"), as: .ours) }
    func send(_ bytes: Int) { self.link?.send(WebSocketMessage(text: String(repeating: "x", count: bytes))) }
}
