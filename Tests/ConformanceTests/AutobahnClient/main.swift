// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

// The client that Autobahn's fuzzing server tests: it echoes every message. Cases are named on the command line.
//
//     AutobahnClient ws://127.0.0.1:9001 AGENT CASE...

let arguments = CommandLine.arguments
guard arguments.count >= 4 else { fatalError("usage: AutobahnClient URL AGENT CASE...") }
let (server, agent) = (arguments[1], arguments[2])

var configuration = WebSocketConfiguration()
configuration.proxy = .none
configuration.messageLimit = 64 << 20
configuration.compression.minimumSize = 0

/// Takes part in one case; how it ends is for the server to judge.
func run(_ path: String) async {
    do throws(FreshetError) {
        let socket = try await WebSocket.connect(to: server + path, configuration: configuration)
        for try await message in socket {
            switch message.kind {
            case .text: try await socket.send(text: message.text)
            case .binary: try await socket.send(binary: message.bytes)
            }
        }
        await socket.close()
    } catch {
        if case .unreachable = error.kind { fatalError("\(error)") }
    }
}

for (index, name) in arguments[3...].enumerated() {
    print("\r\(index + 1) of \(arguments.count - 3): \(name)   ", terminator: "")
    await run("/runCase?casetuple=\(name)&agent=\(agent)")
}
print()
await run("/updateReports?agent=\(agent)")
