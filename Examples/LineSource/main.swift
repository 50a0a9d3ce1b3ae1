// SPDX-License-Identifier: Apache-2.0

import Freshet

// A feed from a source of your own: LineSource ws://127.0.0.1:4000/lines weather

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("usage: LineSource URL TOPIC") }

let client = try SubscriptionClient(source: LineSource(), url: arguments[1])
for try await event in client.subscribe(to: arguments[2], resumes: true) {
    switch event {
    case .update(let line), .snapshot(let line): print(line.text)
    case .gap(let gap): print("… something may be missing: \(gap.reason)")
    }
}
