// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

/// What etcd says when it refuses something: over HTTP in a body, on a stream in a message, and as the reason of a watch's end.
struct EtcdError {
    private let status: Int
    /// gRPC's.
    private let code: Int64?
    private let text: String

    /// - Parameters:
    ///   - json: the body. Its `error` is a text, or an object that says the same in other words.
    ///   - status: of HTTP; 0 where there is none.
    init(_ json: Bytes, status: Int) {
        var (error, code, message): (Bytes?, Int64?, String?)
        // On a stream there is only what stands within the error.
        let isObject = EtcdJSON.members(of: json) { key, value in
            if EtcdJSON.equal(key, "error") {
                error = value
            } else if EtcdJSON.equal(key, "code") || EtcdJSON.equal(key, "grpc_code") {
                code = EtcdJSON.integer(value)
            } else if EtcdJSON.equal(key, "message") {
                message = EtcdJSON.text(value)
            }
            return false
        }
        if !isObject {
            message = EtcdJSON.text(json)
        } else if let error, let text = EtcdJSON.text(error) {
            message = text
        } else if let error {
            code = EtcdJSON.member("grpc_code", of: error).flatMap { EtcdJSON.integer($0) } ?? code
            message = EtcdJSON.member("message", of: error).flatMap { EtcdJSON.text($0) } ?? message
        }
        self.status = status
        self.code = code
        self.text = message ?? ""
    }

    /// - Parameter reason: why etcd has ended a watch.
    init(reason: String?) {
        self.status = 0
        self.code = nil
        self.text = reason ?? ""
    }

    /// Whether there was anything of etcd's.
    var isKnown: Bool { !self.text.isEmpty }

    /// Whether what was asked for, a revision, is not there any more.
    var isCompacted: Bool { self.text.contains("has been compacted") }

    /// Whether the token is not good, or not good any more.
    var isAboutToken: Bool { self.code == 16 || self.text.contains("invalid auth token") }

    /// Whether it may go better in a while.
    var isPassing: Bool {
        self.code == 14 || self.text.isEmpty || self.text.contains("no leader") || self.text.contains("leader changed")
            || self.text.contains("revision in header is old") || self.text.contains("transport is closing")
            || self.text.contains("server stopped")
    }

    /// In words.
    ///
    /// - Parameters:
    ///   - what: what was refused.
    ///   - refusal: the answer over HTTP.
    /// - Returns: the error.
    func error(of what: String, refusal: HTTPRefusal? = nil) -> FreshetError {
        let said =
            self.text.isEmpty
            ? "etcd refused \(what) without a reason" : "etcd refused \(what): \(self.text.prefix(300))"
        let (kind, hint) = self.meaning
        return FreshetError(kind, said, hint: hint, refusal: refusal)
    }

    private var meaning: (FreshetError.Kind, hint: String?) {
        if self.text.contains("user name is empty") {
            return (.unauthorized, "authentication is on here: give the configuration a user")
        }
        if self.isAboutToken || self.text.contains("authentication failed") {
            return (.unauthorized, "check the user's name and password")
        }
        if self.code == 7 || self.text.contains("PermissionDenied") || self.text.contains("permission denied") {
            return (.forbidden, "check what this user's roles are allowed to do")
        }
        if self.text.contains("request is too large") || self.text.contains("message larger than max") {
            return (.messageTooLarge, "etcd takes 1.5 MiB in one request, unless it is told otherwise")
        }
        if self.text.contains("future revision") || self.isCompacted || self.code == 5 { return (.notFound, nil) }
        if self.text.contains("too many requests") { return (.rateLimited(retryAfter: nil), nil) }
        if self.isPassing { return (.server(status: self.status == 0 ? 503 : self.status), nil) }
        if self.status >= 500 { return (.server(status: self.status), nil) }
        if self.status > 0 { return (.rejected(status: self.status), nil) }
        return (.operationFailed(payload: Array(self.text.utf8)), nil)
    }
}
