// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOWebSocket

/// Fired once the HTTP handlers are gone and frames may be sent.
struct Upgraded: Sendable {}

/// What is measured, in a handler on the event loop: the shape with the least between the socket and the user.
final class Client: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let options: Options
    private var messages = 0
    private var (begun, cpuBegun) = (0.0, 0.0)
    private var times: [Double] = []
    private var masks = Masks()
    private var payload = ByteBuffer()
    private var isDone = false

    init(_ options: Options) {
        self.options = options
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is Upgraded else { return context.fireUserInboundEventTriggered(event) }
        let size = self.options.mode == "echo" ? 64 : self.options.size
        // With room for the largest header in front, so that the encoder needs no second buffer for it.
        self.payload = context.channel.allocator.buffer(capacity: size + 14)
        self.payload.writeRepeatingByte(1, count: size + 14)
        self.payload.moveReaderIndex(forwardBy: 14)
        self.cpuBegun = Measure.cpu()
        switch self.options.mode {
        case "echo": self.ask(context)
        case "send": self.sendMore(context)
        default: break
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        switch frame.opcode {
        case .connectionClose: self.finish(context)
        case .ping, .pong: break
        default:
            guard frame.fin else { return }
            switch self.options.mode {
            case "echo": self.hear(context)
            case "send": self.reportSent(context, String(buffer: frame.data))
            default:
                if self.messages == 0 { (self.begun, self.cpuBegun) = (Measure.now(), Measure.cpu()) }
                self.messages += 1
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if self.options.mode == "send", self.begun > 0 { self.sendMore(context) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A server that goes without a TLS close alert is not worth a word after the end.
        if !self.isDone { fail("\(error)") }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !self.isDone { fail("ended early") }
    }

    private func write(_ context: ChannelHandlerContext, _ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(using: &self.masks), data: data)
        context.write(self.wrapOutboundOut(frame), promise: nil)
    }

    private func ask(_ context: ChannelHandlerContext) {
        self.begun = Measure.now()
        self.write(context, .binary, self.payload)
        context.flush()
    }

    private func hear(_ context: ChannelHandlerContext) {
        self.messages += 1
        if self.messages > 1000 { self.times.append((Measure.now() - self.begun) * 1e6) }
        guard self.messages == self.options.count + 1000 else { return self.ask(context) }
        self.times.sort()
        func at(_ part: Double) -> Double { self.times[Int(Double(self.times.count) * part)] }
        let (median, p99, p999) = (at(0.5), at(0.99), at(0.999))
        self.options.report(#""messages":\#(self.times.count),"p50":\#(median),"p99":\#(p99),"p999":\#(p999)"#)
        self.end(context)
    }

    /// Until the channel says that enough waits; small messages share a write.
    private func sendMore(_ context: ChannelHandlerContext) {
        self.begun = 1  // sending has begun
        while self.messages < self.options.count {
            // Flushing empties what waits, as far as the socket takes it.
            if !context.channel.isWritable { context.flush() }
            guard context.channel.isWritable else { return }
            self.write(context, .binary, self.payload)
            self.messages += 1
        }
        guard self.messages == self.options.count else { return context.flush() }
        self.messages += 1
        self.write(context, .text, ByteBuffer(string: "end"))
        context.flush()
    }

    private func reportSent(_ context: ChannelHandlerContext, _ answer: String) {
        let seconds = answer.split(separator: " ")[2]
        let cpu = Measure.cpu() - self.cpuBegun
        self.options.report(#""messages":\#(self.options.count),"seconds":\#(seconds),"cpu_seconds":\#(cpu)"#)
        self.end(context)
    }

    private func finish(_ context: ChannelHandlerContext) {
        let (seconds, cpu) = (Measure.now() - self.begun, Measure.cpu() - self.cpuBegun)
        if self.options.mode == "receive" {
            self.options.report(#""messages":\#(self.messages),"seconds":\#(seconds),"cpu_seconds":\#(cpu)"#)
        }
        self.end(context)
    }

    private func end(_ context: ChannelHandlerContext) {
        self.isDone = true
        self.write(context, .connectionClose, ByteBuffer(bytes: [3, 0xE8]))
        context.flush()
        context.close(promise: nil)
    }
}

/// Masks that cost nothing: the system's generator makes a system call for each.
struct Masks: RandomNumberGenerator {
    private var state: UInt64 = .random(in: 1 ... .max)

    mutating func next() -> UInt64 {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return self.state
    }
}
