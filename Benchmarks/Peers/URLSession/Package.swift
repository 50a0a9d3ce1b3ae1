// swift-tools-version: 6.0
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "urlsession-peer",
    platforms: [.macOS("15.4")],
    targets: [.executableTarget(name: "URLSessionPeer")],
    swiftLanguageModes: [.v6]
)
