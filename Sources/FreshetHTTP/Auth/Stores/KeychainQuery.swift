// SPDX-License-Identifier: Apache-2.0

#if canImport(Security)
import CoreFoundation
import Security

/// What the Keychain is asked, as the dictionary that it wants; made by hand, because the bridge is Foundation's.
struct KeychainQuery {
    let dictionary: CFMutableDictionary

    // Proof for unsafe: the callbacks are copied by the call.
    init() {
        var keys = unsafe kCFTypeDictionaryKeyCallBacks
        var values = unsafe kCFTypeDictionaryValueCallBacks
        self.dictionary = unsafe CFDictionaryCreateMutable(kCFAllocatorDefault, 0, &keys, &values)
    }

    init(service: String, name: String) {
        self.init()
        self.set(kSecClass, kSecClassGenericPassword)
        self.set(kSecAttrService, Self.text(service))
        self.set(kSecAttrAccount, Self.text(name))
    }

    // Proof for unsafe: the dictionary retains both before the call returns.
    func set(_ key: CFString, _ value: AnyObject?) {
        guard let value else { return }
        unsafe CFDictionarySetValue(
            self.dictionary,
            Unmanaged.passUnretained(key).toOpaque(),
            Unmanaged.passUnretained(value).toOpaque()
        )
    }

    static func bytes(of found: CFTypeRef?) -> [UInt8]? {
        guard let found, CFGetTypeID(found) == CFDataGetTypeID() else { return nil }
        // Proof for unsafe: it is a CFData, as the line above says, and the range is all of it.
        let data = unsafe unsafeDowncast(found, to: CFData.self)
        var bytes = [UInt8](repeating: 0, count: CFDataGetLength(data))
        unsafe CFDataGetBytes(data, CFRange(location: 0, length: bytes.count), &bytes)
        return bytes
    }

    private static func text(_ text: String) -> CFString? {
        unsafe CFStringCreateWithCString(kCFAllocatorDefault, text, CFStringBuiltInEncodings.UTF8.rawValue)
    }
}
#endif
