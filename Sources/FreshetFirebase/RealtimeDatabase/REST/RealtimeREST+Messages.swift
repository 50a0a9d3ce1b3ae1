// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

extension RealtimeREST {
    /// What a request is about.
    struct Request: Sendable {
        let path: RealtimePath
        let query: RealtimeQuery
        let tag: Int64?
        let data: String
        let hash: String?

        init(_ body: String) {
            let members = RealtimeJSON.members(Bytes(copying: body.utf8)) ?? []
            self.path = RealtimePath(RealtimeMessage.text("p", of: members) ?? "")
            let query = RealtimeMessage.member("q", of: members).flatMap { RealtimeJSON.value($0) }
            self.query = RealtimeQuery(reading: query ?? .null)
            self.tag = RealtimeMessage.member("t", of: members).flatMap { Int64($0.text) }
            self.data = RealtimeMessage.member("d", of: members)?.text ?? "null"
            self.hash = RealtimeMessage.text("h", of: members)
        }

        private var tagged: String { self.tag.map { #","t":\#($0)"# } ?? "" }

        /// A change, whose path begins at what is listened to.
        func push(_ event: ServerSentEvent) throws(FreshetError) -> Bytes {
            let members = RealtimeJSON.members(Bytes(copying: event.data.utf8)) ?? []
            guard let path = RealtimeMessage.text("path", of: members),
                let data = RealtimeMessage.member("data", of: members)
            else {
                throw FreshetError(.protocolViolation, "the server sent a change without a path or a value")
            }
            let place = RealtimeJSON.text(.string(self.path.appending(RealtimePath(path)).text))
            let action = event.event == "patch" ? "m" : "d"
            let body = #"{"p":\#(place),"d":\#(data.text)\#(self.tagged)}"#
            return Bytes(copying: #"{"t":"d","d":{"a":"\#(action)","b":\#(body)}}"#.utf8)
        }

        var cancel: Bytes {
            let place = RealtimeJSON.text(.string(self.path.text))
            return Bytes(copying: #"{"t":"d","d":{"a":"c","b":{"p":\#(place)\#(self.tagged)}}}"#.utf8)
        }

        static func authRevoked(_ data: String) -> Bytes {
            let words = RealtimeJSON.string(Bytes(copying: data.utf8)) ?? data
            let body = #"{"s":"expired_token","d":\#(RealtimeJSON.text(.string(words)))}"#
            return Bytes(copying: #"{"t":"d","d":{"a":"ac","b":\#(body)}}"#.utf8)
        }
    }

    /// What the server says to a request.
    struct Reply: Sendable {
        let status: String
        /// JSON.
        let data: String

        init(_ status: String, _ data: Bytes?) {
            self.status = status
            self.data = data?.text ?? "{}"
        }

        init(_ status: String, _ words: String) {
            self.status = status
            self.data = RealtimeJSON.text(.string(words))
        }

        func message(_ number: Int64) -> Bytes {
            let body = #"{"s":\#(RealtimeJSON.text(.string(self.status))),"d":\#(self.data)}"#
            return Bytes(copying: #"{"t":"d","d":{"r":\#(number),"b":\#(body)}}"#.utf8)
        }
    }
}

extension RealtimeCommand {
    var request: RealtimeREST.Request { RealtimeREST.Request(self.body) }
}
