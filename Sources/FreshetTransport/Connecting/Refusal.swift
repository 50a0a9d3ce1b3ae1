// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

extension HTTPRefusal {
    /// The most of a body that is read.
    static let bodyLimit = 1024

    /// The error for it. What the server wrote is quoted unless it repeats a header of ours, which may be a secret.
    package func error(from endpoint: Endpoint, sent headers: [HTTPHeader]) -> FreshetError {
        let who = endpoint.authority
        let quote = self.quote(unlessItRepeats: headers)
        let said = "HTTP \(self.status)" + (quote.map { ": \($0)" } ?? "")
        let (kind, message, hint): (FreshetError.Kind, String, String?) =
            switch self.status {
            case 401:
                (
                    .unauthorized, "\(who) wants other credentials (\(said))",
                    "check the token and whether it has expired"
                )
            case 403:
                (
                    .forbidden, "\(who) refuses these credentials or this origin (\(said))",
                    "check the token and what it is allowed to do"
                )
            case 429, 500...599:
                (.upgradeRefused(status: self.status), "\(who) cannot serve at present (\(said))", nil)
            case 426:
                (
                    .upgradeRefused(status: self.status), "\(who) wants another protocol (\(said))",
                    "a proxy between may have removed the upgrade"
                )
            case 400...499:
                (
                    .upgradeRefused(status: self.status),
                    "\(who) has no WebSocket at \(endpoint.target.prefix { $0 != "?" }) (\(said))",
                    "check the path of the URL"
                )
            default:
                (
                    .upgradeRefused(status: self.status), "\(who) did not upgrade to WebSocket (\(said))",
                    "check that the URL's path is a WebSocket endpoint, and that no login page is in between"
                )
            }
        return FreshetError(kind, message, hint: hint, refusal: self)
    }

    /// The body's first line for a person, if it is text and not a page.
    private func quote(unlessItRepeats headers: [HTTPHeader]) -> String? {
        let text = String(decoding: self.body, as: UTF8.self)
        let first = text.split(whereSeparator: \.isNewline).first?.unicodeScalars
        let line = String(
            String.UnicodeScalarView(first?.filter { $0.properties.generalCategory != .control } ?? .init())
        )
        // The line as well: a secret may come to light when control characters are taken out.
        guard !line.isEmpty, !line.hasPrefix("<"),
            !headers.contains(where: { $0.isRepeated(in: text) || $0.isRepeated(in: line) })
        else { return nil }
        return line.count > 120 ? "\(line.prefix(120))…" : line
    }
}
