// SPDX-License-Identifier: Apache-2.0

// Errors, gaps, TLS settings and event loops are part of this module's face: one import is enough.
@_exported public import FreshetCore
@_exported public import FreshetHTTP
@_exported public import FreshetTransport
