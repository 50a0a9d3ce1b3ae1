// SPDX-License-Identifier: Apache-2.0

/// A drawing under way. Colours are classes, so that a dark page gets others.
struct SVG {
    enum Anchor: String { case start, middle, end }

    let width: Double
    let height: Double
    private let title: String
    private var body = ""

    init(width: Double = 960, height: Double, title: String) {
        self.width = width
        self.height = height
        self.title = title
        self.rect(0, 0, width, height, "bg")
        self.text(20, 26, title, "ink head")
    }

    mutating func text(_ x: Double, _ y: Double, _ text: String, _ kind: String = "ink", _ anchor: Anchor = .start) {
        let anchor = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        self.body +=
            "<text x=\"\(Self.n(x))\" y=\"\(Self.n(y))\" class=\"\(kind)\"\(anchor)>\(Text.escaped(text))</text>\n"
    }

    mutating func rect(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ kind: String) {
        self.body += "<rect x=\"\(Self.n(x))\" y=\"\(Self.n(y))\" width=\"\(Self.n(width))\""
        self.body += " height=\"\(Self.n(height))\" class=\"\(kind)\"/>\n"
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) {
        self.path([(x1, y1), (x2, y2)], kind)
    }

    mutating func path(_ points: [(Double, Double)], _ kind: String, isClosed: Bool = false) {
        guard points.count > 1 else { return }
        var data = ""
        for (index, point) in points.enumerated() {
            data += "\(index == 0 ? "M" : "L")\(Self.n(point.0)) \(Self.n(point.1))"
        }
        self.body += "<path d=\"\(data)\(isClosed ? "Z" : "")\" class=\"\(kind)\"/>\n"
    }

    /// Text in a row, each with a small mark of its colour before it.
    mutating func legend(_ x: Double, _ y: Double, _ entries: [(kind: String, text: String)]) {
        var x = x
        for entry in entries {
            self.rect(x, y - 9, 10, 10, entry.kind)
            self.text(x + 15, y, entry.text, "dim")
            x += 15 + Self.length(of: entry.text) + 18
        }
    }

    /// The whole file.
    func document() -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.n(self.width)) \(Self.n(self.height))" \
        width="\(Self.n(self.width))" height="\(Self.n(self.height))" role="img" aria-label="\(Text.escaped(self.title))">
        <style>\(Self.style)</style>
        \(self.body)</svg>

        """
    }

    /// How long a text is, at the most, in the font of labels.
    static func length(of text: String) -> Double { Double(text.count) * 7.2 }

    private static func n(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    private static let style = """
        svg text{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}svg .head{font-size:15px;font-weight:600}
        .bg{fill:#ffffff}.ink{fill:#1f2328}.dim{fill:#59636e}.grid{stroke:#d8dee4;fill:none}.axis{stroke:#818b98;fill:none}
        .band{fill:#6639ba;fill-opacity:.3}.strip{fill:#6639ba}.edge{stroke:#6639ba;fill:none}
        .live{fill:#2da44e}.polling{fill:#54aeff}.away{fill:#d4a72c}.failed{fill:#cf222e}.gap{fill:#cf222e}.bar{fill:#0969da}
        .s{fill:none;stroke-width:1.8}.s0{stroke:#0969da}.s1{stroke:#bc4c00}.s2{stroke:#1a7f37}.s3{stroke:#8250df}
        .s4{stroke:#bf3989}.s5{stroke:#7d4e00}.s6{stroke:#0a7ea4}.s7{stroke:#57606a}.fit{stroke:#1f2328;stroke-dasharray:6 4}
        .thin{stroke-width:.8;stroke-opacity:.7}
        .f0{fill:#0969da}.f1{fill:#bc4c00}.f2{fill:#1a7f37}.f3{fill:#8250df}.f4{fill:#bf3989}.f5{fill:#7d4e00}.f6{fill:#0a7ea4}
        .f7{fill:#57606a}
        @media (prefers-color-scheme:dark){.bg{fill:#0d1117}.ink{fill:#e6edf3}.dim{fill:#9da7b3}.grid{stroke:#2a313a}
        .axis{stroke:#6e7681}.band{fill:#bc8cff;fill-opacity:.35}.strip{fill:#bc8cff}.edge{stroke:#bc8cff}.live{fill:#2f9e4c}.polling{fill:#388bfd}
        .away{fill:#bb8009}.failed{fill:#f85149}.gap{fill:#ff7b72}.bar{fill:#4493f8}.s0{stroke:#4493f8}.s1{stroke:#f0883e}
        .s2{stroke:#56d364}.s3{stroke:#bc8cff}.s4{stroke:#f778ba}.s5{stroke:#e3b341}.s6{stroke:#39c5cf}.s7{stroke:#9da7b3}
        .f0{fill:#4493f8}.f1{fill:#f0883e}.f2{fill:#56d364}.f3{fill:#bc8cff}.f4{fill:#f778ba}.f5{fill:#e3b341}.f6{fill:#39c5cf}
        .f7{fill:#9da7b3}.fit{stroke:#e6edf3}}
        """
}
