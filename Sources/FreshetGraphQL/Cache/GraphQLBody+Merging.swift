// SPDX-License-Identifier: Apache-2.0

extension GraphQLBody {
    /// Appends the old object with the fields of the new one put in.
    ///
    /// Objects without a key are merged too, where they are of the same type; lists are replaced.
    ///
    /// - Returns: whether anything is different from the old one.
    static func merge(
        _ old: [UInt8],
        _ oldRange: Range<Int>,
        _ new: [UInt8],
        _ newRange: Range<Int>,
        into bytes: inout [UInt8]
    ) -> Bool {
        var (oldPosition, newPosition) = (oldRange.lowerBound, newRange.lowerBound)
        let oldType = Self.number(old, &oldPosition)
        let newType = Self.number(new, &newPosition)
        Self.append(newType == 0 ? oldType : newType, to: &bytes)
        var isChanged = newType != 0 && newType != oldType
        let oldFields = oldPosition..<oldRange.upperBound
        let newFields = newPosition..<newRange.upperBound
        var hint = newFields.lowerBound
        while oldPosition < oldFields.upperBound {
            let field = Self.field(old, &oldPosition)
            if let update = Self.find(field.number, old, field.text, in: new, newFields, from: &hint) {
                bytes += old[field.whole.lowerBound..<field.value.whole.lowerBound]
                if Self.mergeValue(old, field.value, new, update.value, into: &bytes) { isChanged = true }
            } else {
                bytes += old[field.whole]
            }
        }
        hint = oldFields.lowerBound
        while newPosition < newFields.upperBound {
            let field = Self.field(new, &newPosition)
            guard Self.find(field.number, new, field.text, in: old, oldFields, from: &hint) == nil else { continue }
            bytes += new[field.whole]
            isChanged = true
        }
        return isChanged
    }

    private static func mergeValue(
        _ old: [UInt8],
        _ oldValue: Value,
        _ new: [UInt8],
        _ newValue: Value,
        into bytes: inout [UInt8]
    ) -> Bool {
        if oldValue.kind == .object, newValue.kind == .object,
            Self.type(old, oldValue.contents) == Self.type(new, newValue.contents)
        {
            let start = bytes.count
            Self.begin(.object, in: &bytes)
            let isChanged = Self.merge(old, oldValue.contents, new, newValue.contents, into: &bytes)
            Self.end(at: start, in: &bytes)
            return isChanged
        }
        bytes += new[newValue.whole]
        return !Self.isSame(old, oldValue.whole, new, newValue.whole)
    }

    private static func type(_ bytes: [UInt8], _ body: Range<Int>) -> Int {
        var position = body.lowerBound
        return Self.number(bytes, &position)
    }
}
