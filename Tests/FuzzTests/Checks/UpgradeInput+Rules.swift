// SPDX-License-Identifier: Apache-2.0

import FreshetTransport

extension UpgradeInput {
    /// Whether a 101 with these headers answers `upgrade`, but for its extensions (RFC 6455 4.1): in bytes, where ours is in
    /// strings.
    func isRight(for upgrade: Upgrade) -> Bool {
        let connection = self.lowercased("connection")?.split(separator: 0x2C) ?? []
        let tokens = connection.map { $0.trimming { $0 == 0x20 } }
        let offered = upgrade.subprotocols.map { Array($0.utf8) }
        let judged = [
            "upgrade", "connection", "sec-websocket-accept", "sec-websocket-protocol", "sec-websocket-extensions",
        ]
        return judged.allSatisfy { self[$0]?.utf8.allSatisfy { $0 < 0x80 } != false }
            && self.lowercased("upgrade") == Array("websocket".utf8)
            && tokens.contains { $0.elementsEqual("upgrade".utf8) }
            && self["sec-websocket-accept"].map { Array($0.utf8) } == Array(Upgrade.accept(for: upgrade.key).utf8)
            && self["content-length"] == nil && self["transfer-encoding"] == nil
            && self["sec-websocket-protocol"].map { offered.contains(Array($0.utf8)) } != false
    }

    private func lowercased(_ name: String) -> [UInt8]? {
        self[name].map { $0.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
    }
}

extension ArraySlice<UInt8> {
    func trimming(_ isSpace: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let begun = self.drop(while: isSpace)
        return begun.lastIndex { !isSpace($0) }.map { begun[...$0] } ?? []
    }
}
