// SPDX-License-Identifier: Apache-2.0

import FreshetCore
package import FreshetTransport

/// What a client says: requests, which are numbered and answered, and a ping.
package struct RealtimeCommand: Sendable, Equatable {
    package let number: Int64
    package let action: String
    /// JSON.
    package let body: String

    package init(_ number: Int64, _ action: String, _ body: String) {
        self.number = number
        self.action = action
        self.body = body
    }

    package var message: WebSocketMessage {
        WebSocketMessage(text: #"{"t":"d","d":{"r":\#(self.number),"a":"\#(self.action)","b":\#(self.body)}}"#)
    }

    package static let ping = WebSocketMessage(text: #"{"t":"c","d":{"t":"p","d":{}}}"#)
    package static let pong = WebSocketMessage(text: #"{"t":"c","d":{"t":"o","d":{}}}"#)

    /// Reads one, as what carries it in another way does; nil: it is a ping, or something else.
    package init?(reading message: WebSocketMessage) {
        guard let members = RealtimeJSON.members(message.payload),
            let data = RealtimeMessage.member("d", of: members).flatMap({ RealtimeJSON.members($0) }),
            let number = RealtimeMessage.member("r", of: data).flatMap({ Int64($0.text) }),
            let action = RealtimeMessage.text("a", of: data), let body = RealtimeMessage.member("b", of: data)
        else { return nil }
        self.init(number, action, body.text)
    }
}
