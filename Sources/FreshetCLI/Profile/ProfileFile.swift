// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// The profiles: `$XDG_CONFIG_HOME/freshet/profiles.json`, or `~/.config/freshet/profiles.json`.
struct ProfileFile {
    let path: String

    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(FreshetError) {
        if let config = environment["XDG_CONFIG_HOME"], config.hasPrefix("/") {
            self.path = "\(config)/freshet/profiles.json"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            self.path = "\(home)/.config/freshet/profiles.json"
        } else {
            throw FreshetError(
                .invalidInput,
                "there is no place for profiles: neither XDG_CONFIG_HOME nor HOME is set",
                hint: "set HOME"
            )
        }
    }

    func profiles() throws(FreshetError) -> [String: Profile] {
        guard let data = try? Data(contentsOf: URL(filePath: self.path)) else { return [:] }
        do {
            return try JSONDecoder().decode([String: Profile].self, from: data)
        } catch {
            throw FreshetError(
                .invalidInput,
                "the profiles cannot be read: \(self.path)",
                hint: "mend the file, or remove it and sign in again"
            )
        }
    }

    func profile(_ name: String) throws(FreshetError) -> Profile {
        guard let profile = try self.profiles()[name] else {
            throw FreshetError(
                .invalidInput,
                "there is no profile \(Format.printable(name))",
                hint: "freshet login \(Format.printable(name)) --url https://…"
            )
        }
        return profile
    }

    func save(_ profile: Profile, as name: String) throws(FreshetError) {
        var profiles = try self.profiles()
        profiles[name] = profile
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let folder = URL(filePath: self.path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try encoder.encode(profiles).write(to: URL(filePath: self.path), options: .atomic)
        } catch {
            throw FreshetError(
                .invalidInput,
                "the profiles cannot be written: \(self.path)",
                hint: "is the folder writable?"
            )
        }
    }
}
