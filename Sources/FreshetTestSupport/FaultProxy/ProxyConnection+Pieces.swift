// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// What passes, and what rules do about it.
extension ProxyConnection {
    func takePieces(_ direction: FaultDirection, _ turn: ProxyLoop.Turn) {
        while !self.isDetached, !self.isOver,
            let piece = direction == .toClient ? self.fromServer.next() : self.fromClient.next()
        {
            switch piece {
            case .bytes(let bytes): self.pass(bytes, direction, turn)
            case .frame(let frame): self.take(frame, direction, turn)
            case .head(let bytes) where direction == .toServer: self.takeRequest(bytes, turn)
            case .head(let bytes): self.takeAnswer(bytes, turn)
            }
        }
    }

    /// What there was of one direction when it ended.
    func passRest(_ direction: FaultDirection, _ rest: [UInt8], _ turn: ProxyLoop.Turn) {
        if let held = self.held.removeValue(forKey: direction) { self.pass(held, direction, turn) }
        self.pass(rest, direction, turn)
        if direction == .toClient { self.passKept(turn) }
    }

    private func pass(
        _ bytes: [UInt8],
        _ direction: FaultDirection,
        _ turn: ProxyLoop.Turn,
        later: Duration = .zero
    ) {
        guard !self.dropping.contains(direction) else { return }
        switch direction {
        case .toClient where turn.conditions.buffering != nil && self.fromServer.mode == .frames:
            self.kept += bytes
            if self.kept.count >= turn.conditions.buffering ?? 0 { self.passKept(turn) }
        case .toClient:
            self.passKept(turn)  // before what came after it, also where buffering has ended since
            self.toClient.append(bytes, at: turn.now, turn.conditions, later: later)
        case .toServer: self.toServer.append(bytes, at: turn.now, turn.conditions, later: later)
        }
    }

    /// What a middlebox has kept goes on.
    func passKept(_ turn: ProxyLoop.Turn) {
        guard !self.kept.isEmpty else { return }
        self.toClient.append(self.kept, at: turn.now, turn.conditions)
        self.kept = []
    }

    // MARK: - HTTP

    private func takeRequest(_ bytes: [UInt8], _ turn: ProxyLoop.Turn) {
        let head = ProxyHead(bytes)
        if head.isUpgrade { self.path = head.path }
        self.note(
            .request(method: head.method, path: head.path, headers: head.headers, upgrade: head.isUpgrade)
        )
        let action = self.shared.rules {
            $0.action(on: head.isUpgrade ? .upgrade : .request, connection: self.number, path: head.path)
        }
        if let action { self.note(.fault(action)) }
        var later = Duration.zero
        switch action {
        case .respond(let response):
            self.pass(response.bytes, .toClient, turn)
            if response.status == 101 { self.detach() } else { self.leave(by: .end, turn) }
            return
        case .acceptAndClose(let code, let reason):
            self.pass(head.acceptance(), .toClient, turn)
            return self.sayClose(code, reason, turn)
        case .cut(let cut): return self.leave(by: cut, turn)
        case .drop: return self.detach()
        case .delay(let duration): later = duration
        default: self.answerFault = action
        }
        let extensions = "sec-websocket-extensions"
        let changes = head.isUpgrade && !self.shared.configuration.allowsCompression && head.value(extensions) != nil
        self.pass(changes ? head.bytes(without: extensions) : bytes, .toServer, turn, later: later)
        self.fromServer.expect(.head)
        if head.isUpgrade {
            self.fromClient.expect(.waiting)
        } else if head.value("transfer-encoding") != nil {
            self.fromClient.expect(.raw)
        } else if let length = head.value("content-length").flatMap({ Int($0) }), length > 0 {
            self.fromClient.expect(.body(length))
        }
    }

    private func takeAnswer(_ bytes: [UInt8], _ turn: ProxyLoop.Turn) {
        let head = ProxyHead(bytes)
        let status = head.status
        self.note(.response(status: status))
        self.pass(status == 101 ? self.upgradeAnswer(head) ?? bytes : bytes, .toClient, turn)
        if status == 101 {
            self.fromServer.expect(.frames)
            self.fromClient.expect(.frames)
            for (rule, delay) in self.shared.rules({ $0.delays(connection: self.number, path: self.path) }) {
                self.arm(rule, due: turn.now + delay)
            }
        } else if status >= 200 {
            // The next head is expected when there is a request for it.
            self.fromServer.expect(.raw)
            if self.fromClient.mode == .waiting { self.fromClient.expect(.head) }
        }
        self.takePieces(.toServer, turn)
    }

    /// The server's 101 as a rule wants it; nil: as it came.
    private func upgradeAnswer(_ head: ProxyHead) -> [UInt8]? {
        switch self.answerFault {
        case .noSubprotocol: head.bytes(without: "sec-websocket-protocol")
        case .badAccept:
            head.bytes(
                without: "sec-websocket-accept",
                with: HTTPHeader("Sec-WebSocket-Accept", Upgrade.accept(for: "another key"))
            )
        default: nil
        }
    }

    // MARK: - Frames

    private func take(_ frame: ProxyFrame, _ direction: FaultDirection, _ turn: ProxyLoop.Turn) {
        let text = frame.text(limit: self.shared.configuration.textLimit)
        self.note(.frame(direction, opcode: frame.opcode, size: frame.payload.count, text: text))
        guard !self.dropping.contains(direction) else { return }
        let action = self.shared.rules {
            $0.action(on: .frame(direction, frame), connection: self.number, path: self.path)
        }
        if let action { self.note(.fault(action)) }
        switch action {
        case .drop: break
        case .dropOnwards: self.dropping.insert(direction)
        case .delay(let duration): self.pass(frame.bytes, direction, turn, later: duration)
        case .duplicate:
            self.pass(frame.bytes, direction, turn)
            self.pass(frame.bytes, direction, turn)
        case .replace(let text): self.pass(Self.text(text, direction), direction, turn)
        case .inject(let text):
            self.pass(frame.bytes, direction, turn)
            self.pass(Self.text(text, .toClient), .toClient, turn)
        case .injectBytes(let bytes):
            self.pass(frame.bytes, direction, turn)
            self.pass(bytes, .toClient, turn)
        case .reorder where self.held[direction] == nil:
            self.held[direction] = frame.bytes
            return
        case .close(let code, let reason): return self.sayClose(code, reason, turn)
        case .cut(let cut): return self.leave(by: cut, turn)
        default: self.pass(frame.bytes, direction, turn)
        }
        if !frame.isControl, let held = self.held.removeValue(forKey: direction) { self.pass(held, direction, turn) }
    }

    private static func text(_ text: String, _ direction: FaultDirection) -> [UInt8] {
        let payload = Array(text.utf8)
        // A fixed mask will do here: nothing between a test and its server looks at these bytes.
        return direction == .toClient
            ? RawConnection.frame(0x81, payload)
            : FrameWriter.frame(.text, Bytes(copying: payload), mask: 0x1234_5678)
    }

    private func sayClose(_ code: UInt16, _ reason: String, _ turn: ProxyLoop.Turn) {
        let payload = CloseFrame(code: code, reason: reason).payload.array
        self.passKept(turn)
        self.toClient.append(RawConnection.frame(0x88, payload), at: turn.now, turn.conditions)
        self.leave(by: .end, turn)
    }

    // MARK: - Without a frame or a request

    private var isWebSocket: Bool { self.fromServer.mode == .frames && !self.isDetached }

    func take(_ command: ProxyShared.Command, _ turn: ProxyLoop.Turn) {
        switch command {
        case .act(let action, let connection):
            if connection ?? self.number == self.number { self.act(action, turn) }
        case .arm(let rule, let match, let due):
            if self.isWebSocket, match.isFor(self.number, self.path) { self.arm(rule, due: due) }
        }
    }

    /// Sets a timer for a rule, once: it may have been found when the WebSocket opened, and be told of after that.
    private func arm(_ rule: Int, due: Duration) {
        if self.armed.insert(rule).inserted { self.timers.append((rule, due)) }
    }

    /// Does what a call wants, or a rule whose time has come. Close frames and messages are for open WebSockets only.
    func act(_ action: FaultAction, _ turn: ProxyLoop.Turn) {
        guard !self.isOver else { return }
        switch action {
        case .drop:
            self.note(.fault(action))
            self.detach()
        case .cut(let cut):
            self.note(.fault(action))
            self.cut(cut)
        case .close(let code, let reason) where self.isWebSocket:
            self.note(.fault(action))
            self.sayClose(code, reason, turn)
        case .inject(let text) where self.isWebSocket:
            self.note(.fault(action))
            self.pass(Self.text(text, .toClient), .toClient, turn)
        case .injectBytes(let bytes) where self.isWebSocket:
            self.note(.fault(action))
            self.pass(bytes, .toClient, turn)
        case .dropOnwards where self.isWebSocket:
            self.note(.fault(action))
            self.dropping = [.toClient, .toServer]
        default: break
        }
    }
}
