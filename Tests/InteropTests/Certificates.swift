// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Certificates for one test, made by the openssl command; the folder goes away with it.
final class Certificates {
    private let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: self.folder) }

    /// A certificate that signs itself, for `name` (as in `IP:127.0.0.1`), for `days` from now.
    func selfSigned(_ label: String, for name: String, days: Int = 2) async throws -> (certificate: String, key: String)
    {
        let certificate = self.folder.appending(path: "\(label).pem").path
        let key = self.folder.appending(path: "\(label).key").path
        let made = try await Program(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=freshet test", "-addext", "subjectAltName=\(name)", "-days", "\(days)",
                "-keyout", key, "-out", certificate,
            ]
        ).result()
        try #require(made.status == 0, "openssl could not make a certificate: \(made.errors)")
        return (certificate, key)
    }
}
