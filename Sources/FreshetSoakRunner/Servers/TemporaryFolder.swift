// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// A folder that goes away with it.
final class TemporaryFolder: Sendable {
    let path: String

    init(_ name: String) throws(FreshetError) {
        self.path = FileManager.default.temporaryDirectory.path + "/freshet-\(name)-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        } catch {
            throw FreshetError(.invalidInput, "\(self.path) cannot be made: \(error)")
        }
    }

    func write(_ text: String, to name: String) throws(FreshetError) -> String {
        let file = "\(self.path)/\(name)"
        do {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            throw FreshetError(.invalidInput, "\(file) cannot be written: \(error)")
        }
        return file
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }
}
