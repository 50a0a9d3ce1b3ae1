// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Certificates for one test, made by the openssl command; the folder goes away with it.
final class Certificates {
    let folder: URL

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

    /// An authority, and certificates that it signs.
    func authority() async throws -> String {
        try await self.selfSigned("authority", for: "DNS:authority.invalid").certificate
    }

    /// A certificate of the authority for `name`; `times` are OpenSSL's `-days`, or `-not_before` and `-not_after`.
    func signed(_ label: String, for name: String, times: [String] = ["-days", "2"]) async throws -> (
        certificate: String, key: String
    ) {
        func path(_ name: String) -> String { self.folder.appending(path: name).path }
        try await self.openssl(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=\(label)",
            "-keyout",
            path("\(label).key"),
            "-out",
            path("\(label).csr")
        )
        try "subjectAltName=\(name)\n".write(toFile: path("\(label).ext"), atomically: true, encoding: .utf8)
        try await self.openssl(
            [
                "x509", "-req", "-in", path("\(label).csr"), "-CA", path("authority.pem"), "-CAkey",
                path("authority.key"),
            ]
                + ["-CAcreateserial", "-extfile", path("\(label).ext"), "-out", path("\(label).pem")] + times
        )
        return (path("\(label).pem"), path("\(label).key"))
    }

    /// The pin of a certificate's public key, as `curl --pinnedpubkey` and `--pin` want it.
    func pin(of certificate: String) async throws -> String {
        let script =
            "openssl x509 -in '\(certificate)' -pubkey -noout | openssl pkey -pubin -outform der "
            + "| openssl dgst -sha256 -binary | base64"
        return try #require(await Program("/bin/sh", ["-c", script]).result().output.first)
    }

    private func openssl(_ arguments: String...) async throws { try await self.openssl(arguments) }

    private func openssl(_ arguments: [String]) async throws {
        let made = try await Program("/usr/bin/env", ["openssl"] + arguments).result()
        try #require(made.status == 0, "openssl failed: \(made.errors)")
    }
}
