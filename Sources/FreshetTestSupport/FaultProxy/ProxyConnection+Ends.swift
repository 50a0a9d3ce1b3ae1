// SPDX-License-Identifier: Apache-2.0

/// How a connection ends.
extension ProxyConnection {
    /// Ends the server's side; the client's goes on by itself.
    func detach(reset: Bool = false) {
        self.server?.shut(reset: reset)
        self.server = nil
        (self.isDetached, self.isConnecting) = (true, false)
        self.endedBy = self.endedBy ?? .proxy
        self.toServer.removeAll()
        self.kept = []
    }

    /// The server's side ends now, the client's when it has been sent what is on its way.
    func leave(by cut: FaultCut, _ turn: ProxyLoop.Turn) {
        self.writeToServer(turn)
        guard !self.isOver else { return }
        self.detach(reset: cut == .reset)
        self.toClient.end(.cut(cut), at: turn.now, turn.conditions)
    }

    /// Ends the client's side, now.
    func cut(_ cut: FaultCut) {
        guard !self.isOver else { return }
        // Where nothing else is on its way: a text frame of 4096 bytes, with the first of them.
        if cut == .endInFrame, self.fromServer.mode == .frames, !self.toClient.isInside {
            _ = self.client.writeSome([0x81, 0x7E, 0x10, 0x00, 0x7B])
        }
        self.endedBy = self.endedBy ?? .proxy
        self.toClient.removeAll()
        switch cut {
        case .reset: self.finish(by: .proxy, reset: true)
        case .end, .truncate, .endInFrame, .alert:
            self.detach()
            self.client.endWriting(cut == .end ? .notice : cut == .alert ? .alert : .nothing)
        case .halfOpen: self.detach(reset: true)
        }
    }

    /// Ends both sides for good.
    func finish(by side: FaultLogEntry.Side, reset: Bool = false) {
        guard !self.isOver else { return }
        self.isOver = true
        self.client.shut(reset: reset)
        self.server?.shut(reset: reset)
        self.server = nil
        self.note(.ended(by: self.endedBy ?? side))
    }
}
