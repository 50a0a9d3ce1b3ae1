// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP

// One GET, and the end: what a program pays before its first answer is there. `FreshetOnce once URL [--size N]`

let arguments = CommandLine.arguments
let reply = try await HTTPClient().reply(to: .get, arguments[2])
if arguments.count > 4, reply.body.bytes?.count != Int(arguments[4]) { fatalError("the body has another size") }
