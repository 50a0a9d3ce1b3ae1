// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport

/// What the tests of faults share: a client of the public WebSocket, and the frames that its peer sends.
enum FaultyPeer {
    static func configuration(deadline: Duration = .seconds(10)) -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration(compression: .off)
        configuration.deadline = deadline
        configuration.pingInterval = .seconds(50)  // most of these servers answer no ping
        return configuration
    }

    /// One that pings soon, and gives up soon after that.
    static func impatient() -> WebSocketConfiguration {
        var configuration = self.configuration()
        configuration.pingInterval = .milliseconds(500)
        configuration.pongDeadline = .milliseconds(500)
        return configuration
    }

    /// Connects and takes everything: the messages, and the error at the end, nil for an orderly one.
    static func receive(
        from url: String,
        _ configuration: WebSocketConfiguration = FaultyPeer.configuration()
    ) async -> (messages: [String], error: FreshetError?) {
        do {
            return await self.rest(of: try await WebSocket.connect(to: url, configuration: configuration))
        } catch {
            return ([], error)
        }
    }

    /// What comes on an open WebSocket, and the error at the end.
    static func rest(of socket: WebSocket) async -> (messages: [String], error: FreshetError?) {
        var messages: [String] = []
        do {
            for try await message in socket { messages.append(message.text) }
            return (messages, nil)
        } catch {
            return (messages, error)
        }
    }

    /// One turn of the loop, which shows that it turns.
    static func turn(_ loop: EventLoop) async {
        await withCheckedContinuation { continuation in loop.execute { continuation.resume() } }
    }

    static func text(_ text: String) -> [UInt8] { RawConnection.frame(0x81, Array(text.utf8)) }

    static func close(_ code: UInt16, _ reason: String = "") -> [UInt8] {
        RawConnection.frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
    }
}
