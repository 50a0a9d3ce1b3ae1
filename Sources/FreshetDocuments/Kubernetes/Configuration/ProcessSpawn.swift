// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
package import Darwin
#else
package import Glibc
#endif

/// Starts programs, without Foundation.
package enum ProcessSpawn {
    /// - Parameters:
    ///   - path: of the program, or its name, which is looked for in PATH.
    ///   - arguments: after the program's name.
    ///   - environment: in addition to this process's own.
    ///   - output: where its standard output goes.
    ///   - errors: where its standard error goes; nil: where this process's does.
    ///   - hasOwnGroup: whether it is in a process group of its own: what a terminal sends (Ctrl-C) is not for it.
    /// - Returns: the process, and the number of the error, 0 for none.
    package static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String] = [:],
        output: Int32,
        errors: Int32? = nil,
        hasOwnGroup: Bool = false
    ) -> (pid_t, Int32) {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        #else
        var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        if let errors { posix_spawn_file_actions_adddup2(&actions, errors, 2) }
        // Sockets of this process are none of its business. To close what is closed already is no mistake.
        for file in Self.openFiles() where file > 2 { posix_spawn_file_actions_addclose(&actions, file) }
        // Signals as a shell would have them: the threads of this process block some, and may ignore others.
        #if canImport(Darwin)
        var attributes: posix_spawnattr_t?
        #else
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let group = hasOwnGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))
        // Proof: the texts are copies that live until the end of this call, and both lists end with nil.
        var arguments: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        var variables: [UnsafeMutablePointer<CChar>?] = Self.environment(environment).map { strdup($0) }
        defer { for text in arguments + variables { free(text) } }
        arguments.append(nil)
        variables.append(nil)
        var process: pid_t = 0
        let error = posix_spawnp(&process, path, &actions, &attributes, arguments, variables)
        return (process, error)
    }

    /// On Linux; elsewhere they are closed by their own mark, where they have it.
    private static func openFiles() -> [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var files: [Int32] = []
        while let entry = readdir(folder) {
            // Proof: `d_name` ends with a zero, and is read before the next call.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
            }
            if let file = Int32(name) { files.append(file) }
        }
        return files
    }

    /// This process's own, and what is added to it.
    private static func environment(_ added: [String: String]) -> [String] {
        var all: [String] = []
        var next = environ
        // Proof: the list ends with nil; nothing here changes the environment.
        while let entry = next.pointee {
            let text = String(cString: entry)
            if added[String(text.prefix { $0 != "=" })] == nil { all.append(text) }
            next += 1
        }
        return all + added.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
