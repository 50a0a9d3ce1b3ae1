// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FreshetCore
import FreshetDocuments

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What is done to this very process.
enum SystemFault {
    private static let allowed = Locked<rlimit?>(nil)

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

    /// libdispatch opens descriptors of its own when a clock is first waited for, and ends the process when it gets none.
    static func prepareForLimit() async {
        try? await Task.sleep(for: .milliseconds(1), clock: .continuous)
        try? await Task.sleep(for: .milliseconds(1), clock: .suspending)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(wallDeadline: .now()) { continuation.resume() }
        }
    }

    /// Allows no more descriptors than there are, and a few.
    static func limitDescriptors(spare: Int) {
        guard let open = ProcessFigures.now()?.descriptors else { return }
        var limit = rlimit()
        guard getrlimit(Self.descriptors, &limit) == 0 else { return }
        self.allowed.withLock { $0 = $0 ?? limit }
        limit.rlim_cur = rlim_t(open + spare)
        setrlimit(Self.descriptors, &limit)
    }

    static func unlimitDescriptors() {
        guard var limit = self.allowed.withLock({ $0.take() }) else { return }
        setrlimit(Self.descriptors, &limit)
    }

    #if canImport(Darwin)
    private static let descriptors = RLIMIT_NOFILE
    #else
    private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
}
