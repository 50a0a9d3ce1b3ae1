// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A request's body on its way: bytes that are there, or a stream, of which a little is read ahead.
final class UploadBuffer: Sendable {
    enum Filled {
        case bytes(Int)
        case nothingYet
        case failed(FreshetError)
    }

    private struct State {
        var pieces: [Bytes] = []
        /// Of the first piece.
        var offset = 0
        var size = 0
        /// Of the announced length; nil if none was announced.
        var missing: Int?
        var end: Result<Void, FreshetError>?
        /// The thread found nothing, and is to be told when there is something.
        var isStarving = false
        var waiter: CheckedContinuation<Void, Never>?
        var pump: Task<Void, Never>?
        var isStopped = false

        /// Whether the thread is to be told.
        mutating func append(_ piece: Bytes) -> Bool {
            self.missing? -= piece.count
            // What is too much would be taken for the next request.
            if let missing = self.missing, missing < 0 { return self.finish(.failure(UploadBuffer.wrongLength)) }
            self.pieces.append(piece)
            self.size += piece.count
            defer { self.isStarving = false }
            return self.isStarving
        }

        mutating func finish(_ end: Result<Void, FreshetError>) -> Bool {
            if self.end == nil { self.end = end }
            if case .success? = self.end, let missing = self.missing, missing > 0 {
                self.end = .failure(UploadBuffer.wrongLength)
            }
            defer { self.isStarving = false }
            return self.isStarving
        }

        mutating func take(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
            var filled = 0
            while filled < buffer.count, let piece = self.pieces.first {
                let count = min(piece.count - self.offset, buffer.count - filled)
                unsafe piece[self.offset..<self.offset + count].withBytes { bytes in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(from: bytes)
                }
                filled += count
                self.offset += count
                guard self.offset == piece.count else { continue }
                self.pieces.removeFirst()
                self.offset = 0
            }
            self.size -= min(filled, self.size)
            return filled
        }
    }

    private static let readAhead = 256 << 10
    private static let wrongLength = FreshetError(
        .invalidInput,
        "a request's body has another length than was announced",
        hint: "leave the length out where it is not known"
    )

    private let body: HTTPBody
    private let state: Locked<State>

    init(_ body: HTTPBody) {
        self.body = body
        var state = State()
        if let bytes = body.bytes {
            state.pieces = bytes.count > 0 ? [bytes] : []
            state.end = .success(())
        } else {
            state.missing = body.length
        }
        self.state = Locked(state)
    }

    /// Begins to read a stream.
    func start(resume: @escaping @Sendable () -> Void) {
        guard self.body.bytes == nil else { return }
        let pump = Task {
            let end: Result<Void, FreshetError>
            do throws(FreshetError) {
                var pieces = self.body.makeAsyncIterator()
                // A sequence that does not know of cancellation would go on for nobody.
                while !Task.isCancelled, let piece = try await pieces.next(isolation: nil) {
                    guard piece.count > 0 else { continue }
                    if self.change({ $0.append(piece) }) { resume() }
                    await self.waitForRoom()
                }
                end = .success(())
            } catch {
                end = .failure(error)
            }
            if self.change({ $0.finish(end) }) { resume() }
        }
        let isStopped = self.state.withLock { state in
            state.pump = pump
            return state.isStopped
        }
        if isStopped { pump.cancel() }
    }

    /// The transfer is over.
    func stop() {
        let (pump, waiter) = self.state.withLock { state in
            state.isStopped = true
            return (state.pump.take(), state.waiter.take())
        }
        pump?.cancel()
        waiter?.resume()
    }

    private func change(_ change: (inout State) -> Bool) -> Bool { self.state.withLock { change(&$0) } }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let hasRoom = self.state.withLock { state in
                guard state.size >= Self.readAhead, !state.isStopped else { return true }
                state.waiter = continuation
                return false
            }
            if hasRoom { continuation.resume() }
        }
    }

    /// Copies what there is into the buffer. On the loop's thread.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Filled {
        let (filled, waiter) = self.state.withLock { state -> (Filled, CheckedContinuation<Void, Never>?) in
            let count = unsafe state.take(buffer)
            if count > 0 { return (.bytes(count), state.size < Self.readAhead ? state.waiter.take() : nil) }
            switch state.end {
            case .success?: return (.bytes(0), nil)
            case .failure(let error)?: return (.failed(error), nil)
            case nil:
                state.isStarving = true
                return (.nothingYet, nil)
            }
        }
        waiter?.resume()
        return filled
    }
}
