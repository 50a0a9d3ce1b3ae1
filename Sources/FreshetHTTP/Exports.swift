// SPDX-License-Identifier: Apache-2.0

// Requests, responses, errors, TLS and proxies are part of this module's face: one import is enough.
@_exported public import FreshetCore
@_exported public import FreshetTransport
@_exported public import HTTPTypes
