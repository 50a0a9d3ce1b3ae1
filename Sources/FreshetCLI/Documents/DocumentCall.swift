// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetDocuments

/// One call for documents, `get` or `put`: asks, prints, ends.
struct DocumentCall {
    enum Action: Sendable {
        /// The one document that the URL names, or all of them.
        case get
        case create(Bytes)
        case put(Bytes)
        case update(Bytes, version: String)
    }

    let target: DocumentTarget
    let action: Action
    let timeout: Duration?
    let format: OutputFormat
    let terminal: Terminal

    func run() async -> ExitStatus {
        let call = OneCall(timeout: self.timeout, terminal: self.terminal)
        let status = await call.run(explaining: self.target.explaining) {
            () async throws(FreshetError) in try await self.call()
        }
        await self.target.close()
        return status
    }

    private func call() async throws(FreshetError) -> ExitStatus {
        switch self.action {
        case .get:
            guard let key = self.target.key else { return try await self.list() }
            let document = try await self.target.documents.get(key)
            self.terminal.note("version: \(Format.printable(document.version))")
            return self.terminal.record(self.one(document)) ? .satisfied : .brokenPipe
        case .create(let value):
            return try await self.written { key throws(FreshetError) in
                try await self.target.documents.create(key, value)
            }
        case .put(let value):
            return try await self.written { key throws(FreshetError) in
                try await self.target.documents.put(key, value)
            }
        case .update(let value, let version):
            return try await self.written { key throws(FreshetError) in
                try await self.target.documents.update(key, value, ifVersion: version)
            }
        }
    }

    private func written(
        _ write: (String) async throws(FreshetError) -> String
    ) async throws(FreshetError) -> ExitStatus {
        guard let key = self.target.key else {
            throw FreshetError(.invalidInput, "the URL names no document to write", hint: "put its key at the end")
        }
        self.terminal.note("version: \(Format.printable(try await write(key)))")
        return .satisfied
    }

    private func list() async throws(FreshetError) -> ExitStatus {
        let list = try await self.target.documents.list()
        for document in list.documents {
            guard self.terminal.record(self.line(document)) else { return .brokenPipe }
        }
        return .satisfied
    }

    /// One document is its value.
    private func one(_ document: Document<Bytes>) -> [UInt8] {
        switch self.format {
        case .jsonl: return self.object(document)
        case .raw: return document.value.array
        case .auto where !self.terminal.stdoutIsTerminal: return document.value.array
        case .auto, .log, .json:
            guard DocumentRecord.json(document.value) != nil else {
                return Array("\(DocumentRecord.shown(document.value))\n".utf8)
            }
            return JSONText.escapingControls(JSONText.indented(document.value.array)) + [0x0A]
        }
    }

    /// Of several each has a line.
    private func line(_ document: Document<Bytes>) -> [UInt8] {
        switch self.format {
        case .raw: return document.value.array + [0x0A]
        case .auto where self.terminal.stdoutIsTerminal, .log:
            let words = [Format.printable(document.key), "v\(Format.printable(document.version))"]
            return Array("\(words.joined(separator: " ")) \(DocumentRecord.shown(document.value))\n".utf8)
        case .auto, .jsonl: return self.object(document)
        case .json: return JSONText.escapingControls(JSONText.indented(self.object(document))) + [0x0A]
        }
    }

    private func object(_ document: Document<Bytes>) -> [UInt8] {
        let head =
            #"{"v":1,"kind":"data","ts":"\#(Format.instant(Date()))","src":\#(Format.quoted(self.target.source)),"#
            + #""key":\#(Format.quoted(document.key)),"version":\#(Format.quoted(document.version)),"#
        return Array(head.utf8) + DocumentRecord.data(document.value) + Array("}\n".utf8)
    }
}
