// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One page of a list.
struct KubernetesPage {
    private(set) var version = ""
    /// Where the next page begins; empty at the end.
    private(set) var token = ""
    private(set) var documents: [RawDocument] = []

    /// - Throws: `.decoding` when it is no list.
    init(_ body: Bytes, of path: KubernetesPath) throws(FreshetError) {
        var (kind, apiVersion) = ("", "")
        var items: Bytes?
        let isWhole = JSONMembers.forEach(in: body) { key, value in
            if key.elementsEqual("kind") { kind = JSONValue(scalar: value)?.text ?? "" }
            if key.elementsEqual("apiVersion") { apiVersion = JSONValue(scalar: value)?.text ?? "" }
            if key.elementsEqual("items") { items = value }
            guard key.elementsEqual("metadata") else { return }
            JSONMembers.forEach(in: value) { key, value in
                if key.elementsEqual("resourceVersion") { self.version = JSONValue(scalar: value)?.text ?? "" }
                if key.elementsEqual("continue") { self.token = JSONValue(scalar: value)?.text ?? "" }
            }
        }
        guard isWhole, kind.hasSuffix("List"), !self.version.isEmpty else {
            throw FreshetError(.decoding, "the answer is no list of the Kubernetes API", hint: "check the server's URL")
        }
        let names = (kind: Self.plain(kind.dropLast("List".count)), version: Self.plain(apiVersion[...]))
        guard let items, !items.elementsEqual("null") else { return }
        guard let items = items.elements else {
            throw FreshetError(.decoding, "the items of a list of the Kubernetes API are not readable")
        }
        for item in items {
            self.documents.append(
                try KubernetesObject(item).document(path, kind: names.kind, version: names.version)
            )
        }
    }

    /// A name that may stand in JSON as it is; nil for what is none.
    private static func plain(_ text: Substring) -> String? {
        let isPlain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        return isPlain && !text.isEmpty ? String(text) : nil
    }
}

extension KubernetesAPI {
    /// How often a list is begun again whose pages the server has forgotten meanwhile.
    private static var listAttempts: Int { 3 }

    /// All objects as they were at one moment, page by page.
    ///
    /// - Parameters:
    ///   - path: which.
    ///   - size: how many a page has.
    ///   - version: that of the last list: if it is still the one, nothing more is read.
    /// - Returns: the list; nil when nothing has changed since `version`.
    /// - Throws: what a page was answered with, but for one that is no longer to be had.
    func list(
        _ path: KubernetesPath,
        pageSize size: Int,
        unless version: String? = nil
    ) async throws(FreshetError) -> DocumentListing? {
        for _ in 1..<Self.listAttempts {
            let first = try KubernetesPage(try await self.get(path.list(limit: size)), of: path)
            if first.version == version { return nil }
            if let listing = try await self.rest(of: first, path, size) { return listing }
        }
        // All at once: such a list cannot grow old on the way.
        let all = try KubernetesPage(try await self.get(path.list(limit: 0)), of: path)
        return DocumentListing(all.documents, position: Position(text: all.version))
    }

    /// Nil: what comes after a page is no longer to be had, or not from the same moment.
    private func rest(
        of first: KubernetesPage,
        _ path: KubernetesPath,
        _ size: Int
    ) async throws(FreshetError) -> DocumentListing? {
        var documents = first.documents
        var token = first.token
        while !token.isEmpty {
            let page: KubernetesPage
            do throws(FreshetError) {
                page = try KubernetesPage(try await self.get(path.list(limit: size, continue: token)), of: path)
            } catch {
                if error.refusal?.status == 410 { return nil }
                throw error
            }
            guard page.version == first.version else { return nil }
            documents += page.documents
            token = page.token
        }
        return DocumentListing(documents, position: Position(text: first.version))
    }

    /// Where things stand, without reading them.
    func position(of path: KubernetesPath) async throws(FreshetError) -> Position {
        Position(text: try KubernetesPage(try await self.get(path.list(limit: 1)), of: path).version)
    }
}
