// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

@testable import FreshetFirebase

/// The client on a scripted transport: what it asks, and what answers mean.
@Suite(.timeLimit(.minutes(1)))
struct FirestoreClientTests {
    private static func client(
        _ change: (inout FirestoreConfiguration) -> Void = { _ in },
        _ answer: @escaping ScriptedHTTPTransport.Answer
    ) -> (firestore: Firestore, transport: ScriptedHTTPTransport) {
        let transport = ScriptedHTTPTransport(answer)
        var configuration = FirestoreConfiguration()
        configuration.server = "https://firestore.test"
        change(&configuration)
        let time = TimeSource(SuspendingClock(), jitter: { 0 })
        return (Firestore(project: "p", configuration: configuration, transport: transport, time: time), transport)
    }

    private static func text(_ call: HTTPCall?) -> String { call?.body?.bytes?.text ?? "" }

    private static func refusal(_ status: Int, _ code: String, isInArray: Bool = false) throws(FreshetError)
        -> HTTPReply
    {
        let error: JSONValue = [
            "error": ["code": .integer(Int64(status)), "message": "no\n  way", "status": .string(code)]
        ]
        return try .json(isInArray ? .array([error]) : error, status: .init(code: status))
    }

    private static let document: JSONValue = [
        "name": "projects/p/databases/(default)/documents/users/a b", "createTime": "2024-01-02T03:04:05Z",
        "updateTime": "2024-01-02T03:04:05Z",
    ]

    @Test("A document is asked for by its percent-encoded path, with the fields that are wanted")
    func get() async throws {
        let (firestore, transport) = Self.client { _, _ throws(FreshetError) in try .json(Self.document) }
        let document = try await firestore.document("users/a b").get(fields: ["x", "a b.c"])
        #expect(document.path == "users/a b")
        let call = try #require(transport.calls.first)
        #expect(call.request.method == .get)
        #expect(
            call.request.path == "/v1/projects/p/databases/(default)/documents/users/a%20b"
                + "?mask.fieldPaths=x&mask.fieldPaths=%60a%20b%60.c"
        )
        _ = try? await firestore.collection("ü?#%").document("x:y").get()
        #expect(
            transport.calls.last?.request.path == "/v1/projects/p/databases/(default)/documents/%C3%BC%3F%23%25/x%3Ay"
        )
    }

    @Test(
        "What the server's codes mean",
        arguments: [
            (401, "UNAUTHENTICATED", FreshetError.Kind.unauthorized), (403, "PERMISSION_DENIED", .forbidden),
            (404, "NOT_FOUND", .notFound), (409, "ALREADY_EXISTS", .conflict(version: nil)),
            (409, "ABORTED", .conflict(version: nil)), (400, "FAILED_PRECONDITION", .rejected(status: 400)),
            (400, "INVALID_ARGUMENT", .rejected(status: 400)),
            (429, "RESOURCE_EXHAUSTED", .rateLimited(retryAfter: nil)),
            (503, "UNAVAILABLE", .server(status: 503)), (501, "UNIMPLEMENTED", .server(status: 501)),
        ]
    )
    func readRefusals(_ status: Int, _ code: String, _ kind: FreshetError.Kind) async {
        for isInArray in [false, true] {
            let (firestore, _) = Self.client({ $0.retries = .never }) { _, _ throws(FreshetError) in
                try Self.refusal(status, code, isInArray: isInArray)
            }
            let error = await #expect(throws: FreshetError.self) { try await firestore.collection("users").get() }
            #expect(error?.kind == kind)
            #expect(error?.firestoreCode == code)
            #expect(error?.message == "Firestore answered documents:runQuery with \(code): no way")
        }
    }

    @Test(
        "What they mean for a write: where it may have been executed, that is said",
        arguments: [
            (400, "FAILED_PRECONDITION", FreshetError.Kind.conflict(version: nil)),
            (503, "UNAVAILABLE", .outcomeUnknown),
            (504, "DEADLINE_EXCEEDED", .outcomeUnknown), (500, "INTERNAL", .outcomeUnknown),
            (403, "PERMISSION_DENIED", .forbidden), (501, "UNIMPLEMENTED", .server(status: 501)),
        ]
    )
    func writeRefusals(_ status: Int, _ code: String, _ kind: FreshetError.Kind) async {
        let (firestore, transport) = Self.client { _, _ throws(FreshetError) in try Self.refusal(status, code) }
        let error = await #expect(throws: FreshetError.self) { try await firestore.document("a/b").delete() }
        #expect(error?.kind == kind)
        #expect(transport.calls.count == 1)
    }

    @Test("A gateway's page instead of an answer leaves a write unknown, and so does an answer that is none")
    func foreignAnswers() async {
        for reply in [
            HTTPReply.status(.badGateway), .status(.ok),
            HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(Array("<html>".utf8))),
        ] {
            let (firestore, transport) = Self.client { _, _ throws(FreshetError) in reply }
            let error = await #expect(throws: FreshetError.self) { try await firestore.document("a/b").delete() }
            #expect(error?.kind == .outcomeUnknown)
            #expect(transport.calls.count == 1)
        }
        for text in ["<html>", "{}", "[1]", "[{\"document\":{}}]", "[", ""] {
            let (firestore, _) = Self.client { _, _ throws(FreshetError) in
                HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(Array(text.utf8)))
            }
            let error = await #expect(throws: FreshetError.self) { try await firestore.collection("users").get() }
            #expect(error?.kind == .decoding)
        }
    }

    @Test("An error within an answer that began well is the error")
    func errorWithin() async {
        let (firestore, _) = Self.client { _, _ throws(FreshetError) in
            try .json(
                [["document": Self.document], ["error": ["code": 403, "message": "", "status": "PERMISSION_DENIED"]]]
                    as JSONValue
            )
        }
        let error = await #expect(throws: FreshetError.self) { try await firestore.collection("users").get() }
        #expect(error?.kind == .forbidden)
    }

    @Test("Reads by POST are sent again, writes are not")
    func retries() async throws {
        let (firestore, transport) = Self.client { _, number throws(FreshetError) in
            number < 3
                ? try Self.refusal(503, "UNAVAILABLE") : try .json([["readTime": "2024-01-02T03:04:05Z"]] as JSONValue)
        }
        #expect(try await firestore.collection("users").get().isEmpty)
        #expect(transport.calls.count == 3)
        let (broken, sent) = Self.client { _, _ throws(FreshetError) in
            throw FreshetError(.outcomeUnknown, "the connection broke")
        }
        let error = await #expect(throws: FreshetError.self) { try await broken.document("a/b").set(["a": 1]) }
        #expect(error?.kind == .outcomeUnknown)
        #expect(sent.calls.count == 1)
    }

    @Test("A refused token is exchanged once, for reads and for writes")
    func credentials() async throws {
        let tokens = Locked(0)
        let provider: CredentialProvider = { _ in
            .bearer("t\(tokens.withLock { count -> Int in count += 1; return count })")
        }
        let (firestore, transport) = Self.client({ $0.credentials = provider }) { call, _ throws(FreshetError) in
            guard call.request.headerFields[.authorization] == "Bearer t2" else {
                return try Self.refusal(401, "UNAUTHENTICATED")
            }
            return try .json(["writeResults": [["updateTime": "2024-01-02T03:04:05Z"]]] as JSONValue)
        }
        let result = try await firestore.document("a/b").set(["a": 1])
        #expect(result.updateTime == .at("2024-01-02T03:04:05Z"))
        #expect(transport.calls.count == 2)
    }

    @Test("The emulator's address comes from the environment, with its owner unless somebody else asks")
    func emulator() async throws {
        let plain = FirestoreConfiguration()
        #expect(plain.resolved { _ in nil }.server == "https://firestore.googleapis.com")
        #expect(plain.resolved { _ in nil }.0.credentials == nil)
        let emulated = plain.resolved { $0 == "FIRESTORE_EMULATOR_HOST" ? "localhost:8080" : nil }
        #expect(emulated.server == "http://localhost:8080")
        #expect(try await emulated.0.credentials?(.connecting).headers.map(\.value) == ["Bearer owner"])
        let user = FirestoreConfiguration(credentials: { _ in .bearer("user") })
        #expect(
            try await user.resolved { _ in "h:1" }.0.credentials?(.connecting).headers.map(\.value) == ["Bearer user"]
        )
    }

    @Test("What cannot be is told by the first call, and nothing is sent")
    func invalid() async {
        let (firestore, transport) = Self.client { _, _ throws(FreshetError) in .status(.ok) }
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await firestore.document("users").get() }, { _ = try await firestore.document("users//x").get() },
            { _ = try await firestore.collection("users/x").get() },
            { _ = try await firestore.document("users/..").get() },
            { _ = try await firestore.document("users/__x__").get() }, { _ = try await firestore.document("").get() },
            { _ = try await firestore.collection("users").document("a/b").get() },
            { _ = try await firestore.document(FirestoreName.sample("a/b", in: "projects/q/databases/d")).get() },
            { _ = try await firestore.collectionGroup("a/b").get() },
            { _ = try await firestore.collection("users").limit(0).get() },
            { _ = try await firestore.document("a/b").set([1]) },
            { _ = try await firestore.document("a/b").update(["a": 1, "a.b": 2]) },
            { _ = try await Firestore(project: "a/b").document("a/b").get() },
        ]
        for call in calls {
            let error = await #expect(throws: FreshetError.self) { try await call() }
            #expect(error?.kind == .invalidInput)
        }
        #expect(transport.calls.isEmpty)
    }

    @Test("Several documents come in the order in which they were asked for, each asked for once")
    func several() async throws {
        let (firestore, transport) = Self.client { _, _ throws(FreshetError) in
            try .json(
                [
                    [
                        "missing": "projects/p/databases/(default)/documents/users/z",
                        "readTime": "2024-01-02T03:04:05Z",
                    ],
                    ["found": Self.document, "readTime": "2024-01-02T03:04:05Z"],
                ] as JSONValue
            )
        }
        let users = firestore.collection("users")
        let documents = try await firestore.get([users.document("a b"), users.document("z"), users.document("a b")])
        #expect(documents.map { $0?.id } == ["a b", nil, "a b"])
        #expect(
            Self.text(transport.calls.first).contains(
                #"["projects\/p\/databases\/(default)\/documents\/users\/a b","projects\/p\/databases\/(default)\/documents\/users\/z"]"#
            )
        )
        let error = await #expect(throws: FreshetError.self) { try await firestore.get([users.document("other")]) }
        #expect(error?.kind == .protocolViolation)
    }
}
