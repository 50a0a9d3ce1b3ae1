// SPDX-License-Identifier: Apache-2.0

public import FreshetTransport

/// What a ``FaultProxy`` answers in the server's place: a refusal, a redirect, a captive portal's page, a wrong 101.
public struct FaultResponse: Sendable, Hashable {
    /// The status.
    public var status: Int
    /// The headers; `Content-Length` and `Connection: close` are added where they are missing, but not to a 101.
    public var headers: [HTTPHeader]
    /// The body.
    public var body: String

    /// Makes an answer.
    ///
    /// - Parameters:
    ///   - status: as 503, or 101 for a wrong upgrade.
    ///   - headers: as `Retry-After`, sent as they are.
    ///   - body: as a captive portal's page.
    public init(status: Int, headers: [HTTPHeader] = [], body: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
    }

    var bytes: [UInt8] {
        var text = "HTTP/1.1 \(self.status) \(self.status == 101 ? "Switching Protocols" : "Fault")\r\n"
        for header in self.headers { text += "\(header.name): \(header.value)\r\n" }
        let names = Set(self.headers.map { $0.name.lowercased() })
        if self.status != 101 {
            if !names.contains("content-length"), !names.contains("transfer-encoding") {
                text += "Content-Length: \(self.body.utf8.count)\r\n"
            }
            if !names.contains("connection") { text += "Connection: close\r\n" }
        }
        return Array((text + "\r\n" + self.body).utf8)
    }
}
