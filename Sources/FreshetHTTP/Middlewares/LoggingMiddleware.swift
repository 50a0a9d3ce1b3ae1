// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import HTTPTypes
public import Logging

/// Writes a line for each call: method, host and path, status, time, size. Never a body, a query, or the value of a header
/// field: all three may hold secrets.
public struct LoggingMiddleware: HTTPMiddleware {
    private let logger: Logger
    private let level: Logger.Level
    private let time: TimeSource

    /// Makes the middleware.
    ///
    /// - Parameters:
    ///   - logger: where to write.
    ///   - level: of calls that went well; the others are one more grave, warnings at least.
    public init(_ logger: Logger, level: Logger.Level = .debug) {
        self.init(logger, level: level, time: TimeSource())
    }

    package init(_ logger: Logger, level: Logger.Level, time: TimeSource) {
        self.logger = logger
        self.level = level
        self.time = time
    }

    /// Passes the call on, and writes a line about it.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - next: the rest of the way to the server.
    /// - Returns: the reply.
    /// - Throws: why there is none.
    public func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        let begin = self.time.now()
        do throws(FreshetError) {
            let reply = try await next(call)
            self.log(call, since: begin, "\(reply.response.status.code)", reply.response.status.code < 400)
            return reply
        } catch {
            // The message of an error has no secrets in it.
            self.log(call, since: begin, error.message, false)
            throw error
        }
    }

    private func log(_ call: HTTPCall, since begin: Duration, _ outcome: String, _ isWell: Bool) {
        var metadata: Logger.Metadata = [
            "ms": "\(Int((self.time.now() - begin) / .milliseconds(1)))",
            "fields": "\(call.request.headerFields.map(\.name.rawName).joined(separator: " "))",
        ]
        if let id = call.request.headerFields[.requestID] { metadata["id"] = "\(id.prefix(64))" }
        if call.attempt > 1 { metadata["attempt"] = "\(call.attempt)" }
        self.logger.log(
            level: isWell ? self.level : max(self.level, .warning),
            "\(call.request.method.rawValue) \(call.request.targetName): \(outcome)",
            metadata: metadata
        )
    }
}
