// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP
import FreshetCore
import FreshetTransport
import HTTPTypes

/// One request and its answer, between the task that waits for it and the thread that works on it.
// Proof for @unchecked: what is below "On the loop's thread" is touched by that thread alone; `answer`, `upload` and the
// body's queue have locks of their own; the rest does not change.
@safe
final class CurlTransfer: @unchecked Sendable {
    let call: HTTPCall
    let route: CurlRoute
    private let loop: CurlLoop
    private let answer = CurlAnswer()
    private let upload: UploadBuffer?
    private let request: CurlRequest

    // On the loop's thread
    private var handle: OpaquePointer?
    private var head: ResponseHead
    private var body: IncomingBody
    /// All has come, though perhaps not all has been unpacked.
    private var isReceived = false
    private var queue: DeliveryQueue<Bytes>?
    /// The body to be sent has to be waited for, which is not the server's fault.
    private var isStarving = false
    private var end: Result<Void, FreshetError>?
    /// Why a handler ended it, in more words than libcurl has.
    private var failure: FreshetError?
    private var isTouched = false
    private var lastHeard = ContinuousClock.now
    private var begun = ContinuousClock.now
    private var isRequested = false

    init(_ call: HTTPCall, _ route: CurlRoute, on loop: CurlLoop) {
        self.call = call
        self.route = route
        self.loop = loop
        self.head = ResponseHead(limit: call.limits.headers)
        self.body = IncomingBody(limit: call.limits.body, from: route.name)
        self.upload = call.body.map { UploadBuffer($0) }
        self.request = route.request(for: call)
    }

    static func of(_ owner: UnsafeMutableRawPointer) -> CurlTransfer {
        unsafe Unmanaged<CurlTransfer>.fromOpaque(owner).takeUnretainedValue()
    }

    /// Sends it, and waits for the head of the answer.
    func reply() async throws(FreshetError) -> HTTPReply {
        self.loop.begin(self)
        let (head, body) = try await self.answer.wait {
            self.answer.give(.failure(FreshetError(.cancelled, "the task was cancelled before the answer came")))
            self.loop.cancel(self)
        }
        return HTTPReply(head.response, body: body)
    }

    // MARK: - On the loop's thread

    /// When the server will have been silent for too long; nil: it may be, or we are not reading.
    var deadline: ContinuousClock.Instant? {
        guard let patience = self.patience, unsafe self.handle != nil, !self.body.isPaused, !self.isStarving else {
            return nil
        }
        return self.lastHeard.advanced(by: patience)
    }

    /// Streams may be silent for ever, but not before they are asked for, and a refusal is none.
    private var patience: Duration? {
        let isRefusal = self.head.isComplete && self.head.status.kind != .successful
        return self.call.timeouts.receive ?? (isRefusal || !self.isRequested ? self.call.timeouts.connect : nil)
    }

    func begin(on pool: OpaquePointer, of loop: CurlLoop) {
        self.begun = self.loop.now
        self.lastHeard = self.begun
        guard !self.answer.isGiven else { return self.finish(.success(())) }
        // Proof: the loop keeps the transfer until it is over, and C is told nothing of it after that.
        let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
        let handle = unsafe self.route.withRequest(self.request, self.call) { request in
            unsafe freshet_http_begin(pool, &request, owner)
        }
        unsafe self.handle = handle
        guard unsafe handle != nil else {
            return self.finish(.failure(FreshetError(.invalidInput, "libcurl cannot send this request")))
        }
        self.upload?.start { [weak self] in
            guard let self else { return }
            self.loop.resumeSending(self)
        }
    }

    func refuse(_ error: FreshetError) {
        self.answer.give(.failure(error))
    }

    /// Nobody waits any more.
    func cancel() {
        self.close()
        // Whoever else reads the body must not wait for ever.
        self.queue?.finish(.failed(FreshetError(.cancelled, "the task that sent the request was cancelled")))
    }

    private func close() {
        self.upload?.stop()
        guard let handle = unsafe self.handle.take() else { return }
        unsafe freshet_transfer_cancel(handle)
    }

    func resumeReceiving() {
        guard self.body.isPaused, self.end == nil else { return }
        self.body.isPaused = false
        self.lastHeard = self.loop.now
        self.touch()
        do throws(FreshetError) {
            try self.body.unpack()
            if !self.body.isPaused, let handle = unsafe self.handle {
                unsafe freshet_transfer_resume(handle, true, false)
            }
        } catch {
            self.failure = error
        }
        if let failure = self.failure {
            // What libcurl had kept is handed out at once, and it does not take our refusal for an end.
            self.close()
            self.finish(.failure(self.unlessExecuted(failure, hasSent: true)))
        } else if self.isReceived {
            self.finishUnpacked()
        }
    }

    func resumeSending() {
        guard let handle = unsafe self.handle else { return }
        self.isStarving = false
        self.lastHeard = self.loop.now
        unsafe freshet_transfer_resume(handle, false, true)
    }

    func expire() {
        guard let handle = unsafe self.handle, let patience = self.patience else { return }
        // Reaching the server has a deadline of its own, and waiting for a connection no other than this.
        guard self.isRequested else {
            self.lastHeard = self.loop.now
            let isLate = self.lastHeard - self.begun >= self.call.timeouts.connect + patience
            return isLate ? unsafe self.fail(self.route.noConnection, handle) : ()
        }
        let phase: FreshetError.Phase = self.head.isComplete ? .body : .response
        let message = "\(phase.words) \(self.route.name) did not come within \(patience)"
        unsafe self.fail(FreshetError(.timeout(phase), message), handle)
    }

    private func fail(_ error: FreshetError, _ handle: OpaquePointer) {
        let hasSent = unsafe freshet_transfer_has_sent(handle)
        self.close()
        self.finish(.failure(self.unlessExecuted(error, hasSent: hasSent)))
    }

    func requested() {
        self.isRequested = true
        self.lastHeard = self.loop.now
        self.touch()
    }

    func received(header line: UnsafeRawBufferPointer) -> Bool {
        self.lastHeard = self.loop.now
        do throws(FreshetError) {
            unsafe try self.head.read(line: line)
            if self.head.isComplete { try self.beginBody() }
            return true
        } catch {
            self.failure = error
            return false
        }
    }

    private func beginBody() throws(FreshetError) {
        self.touch()
        // None of these has a body, whatever it says of one (RFC 9112 6.3).
        guard self.call.request.method != .head, ![204, 304].contains(self.head.status.code) else { return }
        let coding = self.head.contentEncoding
        if self.route.unpacks(self.call), self.body.decoder == nil { self.body.decoder = try ContentDecoder(coding) }
        if coding == nil { try self.body.check(announced: self.head.contentLength) }
    }

    func received(body bytes: UnsafeRawBufferPointer, pause: inout Bool) -> Bool {
        self.lastHeard = self.loop.now
        guard !self.body.isPaused else {
            pause = true
            return true
        }
        self.touch()
        do throws(FreshetError) {
            try self.body.append(unsafe Bytes(Chunk(copying: bytes)))
            return true
        } catch {
            self.failure = error
            return false
        }
    }

    func fill(_ buffer: UnsafeMutableRawBufferPointer, pause: inout Bool) -> Int {
        self.lastHeard = self.loop.now
        switch unsafe self.upload?.fill(buffer) {
        case .bytes(let count): return count
        case .nothingYet:
            self.isStarving = true
            pause = true
            return 0
        case .failed(let error):
            // As an end it would be taken for the whole body. More than fits is an error to libcurl.
            self.failure = error
            return .max
        case nil: return 0
        }
    }

    func ended(_ result: CurlEnd) {
        unsafe self.handle = nil
        self.upload?.stop()
        if let failure = self.failure {
            return self.finish(.failure(self.unlessExecuted(failure, hasSent: result.hasSent)))
        }
        if result.end == FRESHET_HTTP_COMPLETE, self.head.isComplete {
            self.isReceived = true
            return self.finishUnpacked()
        }
        let error = result.end == FRESHET_HTTP_COMPLETE ? self.route.noAnswer : self.route.error(for: result)
        self.finish(.failure(self.unlessExecuted(error, hasSent: result.hasSent)))
    }

    private func finishUnpacked() {
        guard let decoder = self.body.decoder else { return self.finish(.success(())) }
        guard !decoder.hasInput else { return self.touch() }
        let isWhole = decoder.isComplete
        self.finish(isWhole ? .success(()) : .failure(self.unlessExecuted(self.route.endedPacked, hasSent: true)))
    }

    private func finish(_ end: Result<Void, FreshetError>) {
        self.end = end
        self.touch()
    }

    /// What may have been executed must not be taken for what certainly was not.
    private func unlessExecuted(_ error: FreshetError, hasSent: Bool) -> FreshetError {
        guard hasSent, !self.call.isIdempotent else { return error }
        switch error.kind {
        case .proxyRefused, .invalidInput, .messageTooLarge, .cancelled: return error
        // By TLS 1.3 the request is sent before the server has looked at our certificate; any other alert may come later.
        case .tls(.clientCertificateRequired), .tls(.clientCertificateRefused): return error
        default: break
        }
        return FreshetError(
            .outcomeUnknown,
            "\(error.message); whether the \(self.call.request.method.rawValue) was executed is unknown",
            hint: "look at the state on the server before sending it again, or send an Idempotency-Key"
        )
    }

    private func touch() {
        guard !self.isTouched else { return }
        self.isTouched = true
        self.loop.touch(self)
    }

    /// Hands out what has come in this turn; true at the end.
    func handOut() -> Bool {
        self.isTouched = false
        let (pieces, size) = self.body.takeOut()
        if let queue = self.queue {
            if !pieces.isEmpty { self.body.isPaused = queue.append(pieces, bytes: size) == .full || self.body.isPaused }
        } else if let end = self.end {
            // All at once: most often.
            self.answer.give(end.map { (self.head, HTTPBody(Bytes.joined(pieces))) })
            return true
        } else if self.head.isComplete {
            self.stream(pieces, size)
        }
        guard let end = self.end else { return false }
        switch end {
        case .success: self.queue?.finish(.finished)
        case .failure(let error): self.queue?.finish(.failed(error))
        }
        return true
    }

    private func stream(_ pieces: [Bytes], _ size: Int) {
        let queue = DeliveryQueue<Bytes>(
            DeliveryBuffer(DeliveryPolicy(.suspending, elements: .max, bytes: IncomingBody.readAhead)),
            resumeReading: { [weak self, loop] in if let self { loop.resumeReceiving(self) } },
            consumerLeft: { [weak self, loop] in if let self { loop.cancel(self) } }
        )
        self.queue = queue
        if !pieces.isEmpty { self.body.isPaused = queue.append(pieces, bytes: size) == .full || self.body.isPaused }
        let body = HTTPBody.streaming(queue, length: self.head.contentEncoding == nil ? self.head.contentLength : nil)
        self.answer.give(.success((self.head, body)))
    }
}
