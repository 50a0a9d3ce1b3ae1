// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase

/// REST and server-sent events, from the server's side.
extension RealtimeServerState {
    struct Answer {
        var status = "200 OK"
        var headers: [(String, String)] = []
        var body: JSONValue? = .null
    }

    /// Answers a request, or begins a stream of events.
    mutating func answer(_ id: Int, _ request: RealtimeServerRequest) {
        guard request.path.hasSuffix(".json") else {
            return self.send(id, Answer(status: "404 Not Found", body: ["error": "404 Not Found"]))
        }
        let path = RealtimePath(String(request.path.dropLast(".json".count)))
        // The owner may act as somebody for whom the rules count.
        let token = request.query["auth_variable_override"] == nil ? request.token : nil
        self.clients[id]?.token = token
        if let tokens = self.tokens, let token, token != "owner", !tokens.contains(token) {
            return self.send(id, Answer(status: "401 Unauthorized", body: ["error": "Auth token is expired"]))
        }
        let isAllowed = request.method == "GET" ? self.mayRead(path, token) : self.mayWrite(path, token)
        guard isAllowed else {
            return self.send(id, Answer(status: "401 Unauthorized", body: ["error": "Permission denied"]))
        }
        guard let query = request.childQuery else {
            return self.send(
                id,
                Answer(status: "400 Bad Request", body: ["error": "orderBy must be a valid JSON encoded path"])
            )
        }
        if request.isStream { return self.beginEvents(id, path, query) }
        var answer = request.method == "GET" ? self.get(request, path, query) : self.change(request, path)
        if request.query["print"] == "silent", answer.status == "200 OK" {
            answer = Answer(status: "204 No Content", headers: answer.headers, body: nil)
        }
        if self.faults.breaksAfterWrite, request.method != "GET" { return self.end(id) }
        self.send(id, answer)
    }

    private func tag(of path: RealtimePath) -> String {
        let node = self.root.node(at: path.keys)
        return node.isEmpty ? "null_etag" : node.hash
    }

    private func get(_ request: RealtimeServerRequest, _ path: RealtimePath, _ query: RealtimeQuery) -> Answer {
        let node = RealtimeServerWindow.of(self.root.node(at: path.keys), query)
        var answer = Answer()
        if request.header("X-Firebase-ETag") == "true" { answer.headers.append(("ETag", self.tag(of: path))) }
        if request.header("if-none-match") == self.tag(of: path) {
            return Answer(status: "304 Not Modified", headers: answer.headers, body: nil)
        }
        if request.query["shallow"] == "true", node.leaf == nil, !node.isEmpty {
            answer.body = .object(node.children.mapValues { _ in true })
        } else {
            answer.body = request.query["format"] == "export" ? node.exported : node.json
        }
        return answer
    }

    private mutating func change(_ request: RealtimeServerRequest, _ path: RealtimePath) -> Answer {
        var answer = Answer()
        if let tag = request.header("if-match"), tag != self.tag(of: path) {
            answer.status = "412 Precondition Failed"
            answer.headers.append(("ETag", self.tag(of: path)))
            answer.body = self.root.node(at: path.keys).json
            return answer
        }
        let value = request.method == "DELETE" ? JSONValue.null : RealtimeJSON.value(Bytes(copying: request.body))
        guard let value else {
            return Answer(status: "400 Bad Request", body: ["error": "Invalid data; couldn't parse JSON object."])
        }
        switch request.method {
        case "PUT", "DELETE":
            self.write(path, [(RealtimePath(""), value)], isMerge: false)
            answer.body = self.root.node(at: path.keys).json
        case "PATCH":
            guard case .object(let members) = value else {
                return Answer(status: "400 Bad Request", body: ["error": "Invalid data; couldn't parse JSON object."])
            }
            self.write(path, members.map { (RealtimePath($0.key), $0.value) }, isMerge: true)
            answer.body = value
        case "POST":
            self.lastSession += 1
            let digits = String(self.lastSession)
            let key = "-N" + String(repeating: "0", count: 18 - digits.count) + digits
            self.write(path.appending(RealtimePath(key)), [(RealtimePath(""), value)], isMerge: false)
            answer.body = ["name": .string(key)]
        default: return Answer(status: "405 Method Not Allowed", body: ["error": "no such method"])
        }
        if request.header("X-Firebase-ETag") == "true" { answer.headers.append(("ETag", self.tag(of: path))) }
        return answer
    }

    private mutating func send(_ id: Int, _ answer: Answer) {
        let body = answer.body.map { RealtimeJSON.text($0) } ?? ""
        var text =
            "HTTP/1.1 \(answer.status)\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-cache\r\n"
        for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
        if answer.body != nil || !answer.status.hasPrefix("204") { text += "Content-Length: \(body.utf8.count)\r\n" }
        self.clients[id]?.outgoing.append(Array((text + "\r\n" + body).utf8))
    }

    // MARK: - Events

    private mutating func beginEvents(_ id: Int, _ path: RealtimePath, _ query: RealtimeQuery) {
        if let status = self.faults.refusesEvents {
            return self.send(id, Answer(status: "\(status) No", body: ["error": "no events here"]))
        }
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
        self.clients[id]?.kind = .events
        self.clients[id]?.outgoing.append(Array(head.utf8))
        let listen = Listen(path: path, query: query, tag: nil)
        self.clients[id]?.listens = [listen]
        let node = RealtimeServerWindow.of(self.root.node(at: path.keys), query)
        self.push(id, listen, "d", [], node.exported)
    }

    mutating func event(_ id: Int, _ name: String, _ data: JSONValue) {
        let text = "event: \(name)\ndata: \(RealtimeJSON.text(data))\n\n"
        let chunk = String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
        self.clients[id]?.outgoing.append(Array(chunk.utf8))
    }
}
