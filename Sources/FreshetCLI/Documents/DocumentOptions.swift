// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetDocuments

/// What can be said of a watch of documents alone.
struct DocumentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Begin with the whole state (snapshot), with what changes from now on (now), after a version, or where a state "
                + "file stands (@file).",
            valueName: "snapshot|now|version|@file"
        )
    )
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Keep here how far the output has got, and go on there the next time. With stdout appended to a file (>>) each "
                + "record comes out once, even through SIGKILL and where --count ends within a state.",
            valueName: "file"
        )
    )
    var stateFile: String?

    @Flag(inversion: .prefixedNo, help: "Print what is there at the beginning.")
    var initial = true

    @Flag(inversion: .prefixedNo, help: "Print what is removed.")
    var deletes = true

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Of Kubernetes, by labels.", valueName: "app=web"))
    var selector: String?

    @Option(help: ArgumentHelp("Of Kubernetes, by fields.", valueName: "status.phase=Running"))
    var fieldSelector: String?

    var isUsed: Bool {
        self.from != nil || self.stateFile != nil || !self.initial || !self.deletes || self.selector != nil
            || self.fieldSelector != nil
    }

    /// Where to begin.
    func start() throws(FreshetError) -> DocumentStart {
        switch self.from {
        case nil, "snapshot"?: return .snapshot
        case "now"?: return .now
        case let file? where file.hasPrefix("@"):
            return .after(try StateFile(path: String(file.dropFirst())).position())
        case let version?:
            return .after(Int64(version).map { Position(number: $0) } ?? Position(text: version))
        }
    }
}
