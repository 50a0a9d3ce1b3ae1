// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "freshet-benchmarks",
    platforms: [.macOS("15.4")],
    dependencies: [
        .package(name: "freshet", path: ".."),
    ],
    targets: [
        .target(name: "BenchMeasure"),
        .executableTarget(
            name: "FreshetBench",
            dependencies: [
                "BenchMeasure",
                .product(name: "FreshetTransport", package: "freshet"),
                .product(name: "FreshetHTTP", package: "freshet"),
            ]
        ),
        .executableTarget(
            name: "DocumentBench",
            dependencies: [
                "BenchMeasure",
                .product(name: "FreshetDocuments", package: "freshet"),
                .product(name: "FreshetFirebase", package: "freshet"),
            ]
        ),
        .executableTarget(name: "FreshetOnce", dependencies: [.product(name: "FreshetHTTP", package: "freshet")]),
    ],
    swiftLanguageModes: [.v6]
)
