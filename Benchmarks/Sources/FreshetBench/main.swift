// SPDX-License-Identifier: Apache-2.0

import BenchMeasure
import FreshetTransport

// Our client, as a user would write it: a plain `for try await` loop, and `send`; for HTTP see Requests.swift.

let options = Options(CommandLine.arguments)
let size = options.number("size", 128)
let count = options.number("count", 1_000_000)

func report(_ fields: String) {
    print(#"{"client":"freshet","mode":"\#(options.mode)","size":\#(size),\#(fields)}"#)
}

/// Of its own only where a run asks for it: `shared` is more than one.
let ownLoop = options.number("poll", 0) == 1 ? EventLoop(.poll) : nil

func connect(_ url: String = options.url) async throws -> WebSocket {
    var configuration = WebSocketConfiguration()
    configuration.proxy = .none
    configuration.tls.authorities = options.ca.map { .file($0) }
    configuration.compression = url.contains("deflate=1") ? .on : .off
    configuration.messageLimit = 64 << 20
    return try await WebSocket.connect(to: url, configuration: configuration, loop: ownLoop ?? .shared)
}

func receive() async throws {
    let socket = try await connect()
    var messages = 0
    var (begun, cpuBegun) = (0.0, 0.0)
    for try await _ in socket {
        if messages == 0 { (begun, cpuBegun) = (Measure.now(), Measure.cpu()) }
        messages += 1
    }
    report(#""messages":\#(messages),"seconds":\#(Measure.now() - begun),"cpu_seconds":\#(Measure.cpu() - cpuBegun)"#)
}

func send() async throws {
    let socket = try await connect()
    let payload = [UInt8](repeating: 1, count: size)
    let cpuBegun = Measure.cpu()
    for _ in 0..<count { try await socket.send(binary: payload) }
    try await socket.send(text: "end")
    for try await message in socket {
        let seconds = message.text.split(separator: " ")[2]
        report(#""messages":\#(count),"seconds":\#(seconds),"cpu_seconds":\#(Measure.cpu() - cpuBegun)"#)
        break
    }
    await socket.close()
}

func echo() async throws {
    let socket = try await connect()
    let payload = [UInt8](repeating: 1, count: 64)
    var iterator = socket.makeAsyncIterator()
    var times: [Double] = []
    for round in 0..<count + 1000 {
        let asked = Measure.now()
        try await socket.send(binary: payload)
        _ = try await iterator.next(isolation: nil)
        if round >= 1000 { times.append((Measure.now() - asked) * 1e6) }
    }
    times.sort()
    func at(_ part: Double) -> Double { times[Int(Double(times.count) * part)] }
    report(#""messages":\#(count),"p50":\#(at(0.5)),"p99":\#(at(0.99)),"p999":\#(at(0.999))"#)
    await socket.close()
}

/// Opens connections that stay idle, a hundred at a time.
func openIdle(_ wanted: Int, url: String) async throws -> [WebSocket] {
    try await withThrowingTaskGroup(of: WebSocket.self) { group in
        var open: [WebSocket] = []
        var begun = 0
        while open.count < wanted {
            while begun < wanted, begun - open.count < 100 {
                group.addTask { try await connect(url) }
                begun += 1
            }
            if let socket = try await group.next() { open.append(socket) }
        }
        return open
    }
}

func idle() async throws {
    let wanted = options.number("connections", 1000)
    // What they need alone: both loops, threads, the first memory.
    let first = try await openIdle(100, url: options.url)
    let before = Measure.resident()
    let begun = Measure.now()
    let sockets = try await openIdle(wanted, url: options.url)
    let seconds = Measure.now() - begun
    try await Task.sleep(for: .seconds(2))
    let each = (Measure.resident() - before) / Double(wanted)
    report(#""connections":\#(sockets.count),"seconds":\#(seconds),"kib_each":\#(each)"#)
    let hold = options.number("seconds", 0)
    if hold > 0 {
        let cpuBegun = Measure.cpu()
        try await Task.sleep(for: .seconds(hold))
        let cpu = Measure.cpu() - cpuBegun
        var lost = 0
        for socket in sockets {
            do { try await socket.send(text: "still there") } catch { lost += 1 }
        }
        report(#""held_seconds":\#(hold),"lost":\#(lost),"cpu_seconds":\#(cpu),"kib_now":\#(Measure.resident())"#)
    }
    withExtendedLifetime((first, sockets)) {}
}

func beside() async throws {
    let idle = options.number("connections", 0)
    let base = options.url.prefix { $0 != "?" }.split(separator: "/").prefix(2).joined(separator: "//")
    let sockets = try await openIdle(idle, url: "\(base)/idle")
    let active = try await connect()
    let seconds = Double(options.number("seconds", 3))
    var messages = 0
    var (begun, cpuBegun) = (0.0, 0.0)
    for try await _ in active {
        messages += 1
        if messages == 200 { (begun, cpuBegun) = (Measure.now(), Measure.cpu()) }
        if messages > 200, Measure.now() - begun >= seconds { break }
    }
    let each = (Measure.cpu() - cpuBegun) / Double(messages - 200) * 1e6
    report(#""connections":\#(idle),"messages":\#(messages - 200),"cpu_us_each":\#(each)"#)
    withExtendedLifetime(sockets) {}
}

func run() async throws {
    switch options.mode {
    case "receive": try await receive()
    case "send": try await send()
    case "echo": try await echo()
    case "idle": try await idle()
    case "beside": try await beside()
    case "sequential": report(try await Requests(options).sequential())
    case "parallel": report(try await Requests(options).parallel())
    default: print(#"{"unsupported":true}"#)
    }
}

if options.number("on-loop", 0) == 1 {
    try await Task(executorPreference: (ownLoop ?? .shared).taskExecutor) { try await run() }.value
} else {
    try await run()
}
