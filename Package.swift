// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// What every Swift target is held to.
let swift: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Targets that touch C say so, expression by expression.
let swiftOverC = swift + [.strictMemorySafety()]

let package = Package(
    name: "freshet",
    platforms: [.macOS("15.4")],
    products: [
        .library(name: "Freshet", targets: ["Freshet"]),
        .library(name: "FreshetTransport", targets: ["FreshetTransport"]),
        .library(name: "FreshetHTTP", targets: ["FreshetHTTP"]),
        .library(name: "FreshetGraphQL", targets: ["FreshetGraphQL"]),
        .library(name: "FreshetDocuments", targets: ["FreshetDocuments"]),
        .library(name: "FreshetFirebase", targets: ["FreshetFirebase"]),
        .library(name: "FreshetTestSupport", targets: ["FreshetTestSupport"]),
        .executable(name: "freshet", targets: ["FreshetCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibwebsockets",
            pkgConfig: "libwebsockets",
            providers: [.apt(["libwebsockets-dev", "libssl-dev", "zlib1g-dev"]), .brew(["libwebsockets"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CLibuv",
            pkgConfig: "libuv",
            providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]
        ),
        .systemLibrary(
            name: "CLibcurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .target(name: "CFreshetHTTP", dependencies: ["CLibcurl"]),
        .target(
            name: "CFreshetLoop",
            dependencies: ["CLibwebsockets", "CLibuv"],
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]
        ),
        .target(name: "CFreshetTLS", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "FreshetCore", swiftSettings: swift),
        .target(
            name: "FreshetTransport",
            dependencies: [
                "FreshetCore", "CFreshetLoop", "CZlib", .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: swiftOverC
        ),
        .target(
            name: "FreshetHTTP",
            dependencies: [
                "FreshetCore", "FreshetTransport", "CFreshetHTTP", "CZlib",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftOverC
        ),
        .target(
            name: "Freshet",
            dependencies: [
                "FreshetCore", "FreshetTransport", "FreshetHTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swift
        ),
        .target(
            name: "FreshetGraphQL",
            dependencies: [
                "Freshet", "FreshetCore", "FreshetTransport", "FreshetHTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .target(
            name: "FreshetDocuments",
            dependencies: [
                "Freshet", "FreshetCore", "FreshetTransport", "FreshetHTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .target(
            name: "FreshetFirebase",
            dependencies: [
                "Freshet", "FreshetCore", "FreshetDocuments", "FreshetTransport", "FreshetHTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .target(
            name: "FreshetTestSupport",
            dependencies: [
                "FreshetCore", "FreshetTransport", "FreshetHTTP", "Freshet", "FreshetGraphQL", "FreshetFirebase",
                "CFreshetTLS",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .target(name: "FreshetSoak", dependencies: ["FreshetCore"], swiftSettings: swift),
        .target(
            name: "FreshetSoakRunner",
            dependencies: [
                "FreshetSoak", "FreshetTestSupport", "Freshet", "FreshetCore", "FreshetDocuments", "FreshetFirebase",
                "FreshetGraphQL", "FreshetHTTP", "FreshetTransport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "FreshetCLI",
            dependencies: [
                "Freshet", "FreshetCore", "FreshetDocuments", "FreshetFirebase", "FreshetGraphQL", "FreshetHTTP",
                "FreshetTransport", "FreshetTestSupport", "FreshetSimulator", "FreshetSoak", "FreshetSoakRunner",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "MinimalSubscribe",
            dependencies: ["FreshetGraphQL"],
            path: "Examples/MinimalSubscribe",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "AppBackend",
            dependencies: ["FreshetGraphQL"],
            path: "Examples/AppBackend/App",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "DocumentSource",
            dependencies: ["FreshetDocuments"],
            path: "Examples/DocumentSource",
            exclude: ["server.py"],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "FirestoreUsers",
            dependencies: ["FreshetFirebase"],
            path: "Examples/FirestoreUsers",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "CacheMeasure",
            dependencies: ["FreshetGraphQL", "FreshetCore"],
            path: "Benchmarks/Cache",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "LineSource",
            dependencies: ["Freshet"],
            path: "Examples/LineSource",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "AutobahnClient",
            dependencies: ["FreshetTransport", "FreshetCore"],
            path: "Tests/ConformanceTests/AutobahnClient",
            swiftSettings: swift
        ),
        .target(
            name: "FuzzChecks",
            dependencies: ["Freshet", "FreshetCore", "FreshetGraphQL", "FreshetTransport"],
            path: "Tests/FuzzTests/Checks",
            swiftSettings: swift
        ),
        .target(
            name: "FreshetSimulator",
            dependencies: [
                "Freshet", "FreshetCore", "FreshetGraphQL", "FreshetTransport", "FreshetTestSupport",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "Simulate",
            dependencies: ["FreshetSimulator"],
            path: "Tests/SimulationTests/Simulate",
            swiftSettings: swift
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["FreshetSimulator"],
            path: "Tests/SimulationTests/Tests",
            swiftSettings: swift
        ),
        .target(
            name: "ProofChecks",
            dependencies: ["FreshetGraphQL", "Freshet", "FreshetCore", "FreshetTransport", "FreshetTestSupport"],
            path: "Tests/ProofTests/Checks",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "Proofs",
            dependencies: ["ProofChecks", "FreshetCore"],
            path: "Tests/ProofTests/Proofs",
            swiftSettings: swift
        ),
        .testTarget(name: "FreshetCoreTests", dependencies: ["FreshetCore"], swiftSettings: swift),
        .testTarget(
            name: "FreshetTransportTests",
            dependencies: ["FreshetTransport", "FreshetCore", "FreshetTestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FreshetHTTPTests",
            dependencies: [
                "FreshetHTTP", "FreshetCore", "FreshetTransport", "FreshetTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FreshetTests",
            dependencies: [
                "Freshet", "FreshetCore", "FreshetHTTP", "FreshetTransport", "FreshetTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FreshetGraphQLTests",
            dependencies: [
                "FreshetGraphQL", "Freshet", "FreshetCore", "FreshetTransport", "FreshetTestSupport", "ProofChecks",
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FreshetDocumentsTests",
            dependencies: [
                "FreshetDocuments", "Freshet", "FreshetCore", "FreshetHTTP", "FreshetTransport", "FreshetTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FreshetFirebaseTests",
            dependencies: [
                "FreshetFirebase", "FreshetDocuments", "Freshet", "FreshetCore", "FreshetHTTP", "FreshetTransport",
                "FreshetTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FreshetSoakTests",
            dependencies: ["FreshetSoak", "FreshetSoakRunner", "FreshetCore", "FreshetTestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FreshetCLITests",
            dependencies: [
                "FreshetCLI", "FreshetCore", "FreshetGraphQL", "FreshetSoak", "FreshetSoakRunner", "FreshetTestSupport",
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "FreshetCLI", "FreshetDocuments", "FreshetFirebase", "Freshet", "FreshetGraphQL", "FreshetHTTP",
                "FreshetTestSupport", "FreshetCore", "FreshetTransport", "FreshetSoak", "FreshetSoakRunner",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            exclude: ["Servers"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["FuzzChecks"],
            path: "Tests/FuzzTests/Replay",
            swiftSettings: swift
        ),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings their main: only scripts/fuzz.sh builds them, with the sanitizers.
if Context.environment["FRESHET_FUZZ"] != nil {
    for name in ["FuzzFrames", "FuzzDeflate", "FuzzUpgrade", "FuzzScanner"] {
        package.targets.append(
            .executableTarget(
                name: name,
                dependencies: ["FuzzChecks"],
                path: "Tests/FuzzTests/\(name)",
                swiftSettings: swift
            )
        )
    }
}
