// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetDocuments

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What is done to this very process.
enum SystemFault {
    /// Stops the process, as a laptop that is closed would, and lets it go on after a while.
    static func suspend(seconds: Int) async throws(FreshetError) {
        let (process, error) = ProcessSpawn.spawn(
            "/bin/sh",
            ["-c", "kill -STOP $PPID; sleep \(seconds); kill -CONT $PPID"],
            output: 2
        )
        guard error == 0 else {
            throw FreshetError(.unreachable, "sh cannot be run: \(String(cString: strerror(error)))")
        }
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 { try? await Task.sleep(for: .milliseconds(50)) }
    }
}
