# SPDX-License-Identifier: Apache-2.0
"""Reads JSON of Firestore's REST API with Google's own message types, strictly, and writes it again.

    firestore_messages.py FILE      a line for each message: its type, a tab, its JSON

Prints a line for each: its JSON as Google writes it, or `refused: ` and why.
"""

import sys

from google.cloud.firestore_v1 import types
from google.protobuf import json_format

TYPES = {
    name: getattr(types, name).pb()
    for name in (
        "Value",
        "Document",
        "Write",
        "StructuredQuery",
        "RunAggregationQueryRequest",
        "BatchGetDocumentsRequest",
        "ListenRequest",
        "ListenResponse",
    )
}

with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        name, _, text = line.rstrip("\n").partition("\t")
        try:
            message = json_format.Parse(text, TYPES[name]())
            # Through the binary form, which has no room for what is only JSON's.
            message = TYPES[name].FromString(message.SerializeToString())
            print(json_format.MessageToJson(message, indent=None))
        except Exception as error:
            print("refused:", " ".join(str(error).split()))
