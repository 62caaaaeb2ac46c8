"""REST: what tensorflow_model_server answers, row by row of the specification (README.md).

`source` names the file below `tensorflow_serving/` that the answer was read from.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.serving.conformance.expected import Empty, Error, ErrorWith, Expected, Json, JsonWith, Text, TextWith
from tests.serving.conformance.images import BASE64, IMAGE, LANDMARKS, ROW, STABLE_ROW

HANDLER = "model_servers/http_rest_api_handler.cc"
HANDLER_UTIL = "model_servers/http_rest_api_util.cc"
HTTP = "model_servers/http_server.cc"
EVHTTP = "util/net_http/server/internal/evhttp_request.cc"
STATUS = "model_servers/get_model_status_impl.cc"
CORE = "model_servers/server_core.cc"
MANAGER = "core/basic_manager.cc"
JSON = "util/json_tensor.cc"
CLASSIFIER = "servables/tensorflow/classifier.cc"
REGRESSOR = "servables/tensorflow/regressor.cc"

VISAGE = "/v1/models/visage"
BATTERY = "/v1/models/battery"
ROW_ERROR = "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: "
# Of libevent.
NO_PAGE = TextWith("<HTML>", "<TITLE>404 Not Found</TITLE>", "</HTML>")


@dataclass(frozen=True)
class RestCase:
    """One request and its answer.

    Attributes:
        id: unique.
        method: of HTTP.
        path: with the query.
        code: HTTP status.
        expected: of the body.
        source: file of TensorFlow Serving.
        body: what is sent; str as UTF-8, anything else but bytes as JSON; None: nothing.
        headers: beside Host and Content-Length.
    """

    id: str
    method: str
    path: str
    code: int
    expected: Expected
    source: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes | None:
        """Returns the bytes of the body."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def get(id: str, path: str, code: int, expected: Expected, source: str, **more: Any) -> RestCase:
    return RestCase(id, "GET", path, code, expected, source, **more)


def post(id: str, path: str, body: Any, code: int, expected: Expected, source: str = JSON, **more: Any) -> RestCase:
    return RestCase(id, "POST", path, code, expected, source, body, **more)


def predict(id: str, body: Any, code: int, expected: Expected, **more: Any) -> RestCase:
    """Returns a case of `visage`."""
    return post(id, f"{VISAGE}:predict", body, code, expected, **more)


def battery(id: str, signature: str, body: dict[str, Any], code: int, expected: Expected, **more: Any) -> RestCase:
    """Returns a case of a signature of `battery`."""
    return post(id, f"{BATTERY}:predict", {"signature_name": signature, **body}, code, expected, **more)


def align(id: str, landmarks: Any, code: int, expected: Expected, **more: Any) -> RestCase:
    """Returns a case of `align_and_predict` with one row."""
    row = {"image_bytes": IMAGE, "landmarks": landmarks}
    return predict(id, {"signature_name": "align_and_predict", "instances": [row]}, code, expected, **more)


def malformed(method: str, path: str) -> RestCase:
    body = {"instances": [IMAGE]} if method not in ("GET", "DELETE") else None
    return RestCase(
        f"malformed {method} {path}", method, path, 400, Error(f"Malformed request: {method} {path}"), HANDLER, body
    )


def version(number: int) -> dict[str, Any]:
    return {"version": str(number), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}


HTTP_LAYER = [
    malformed("GET", f"{VISAGE}/"),
    malformed("GET", f"{VISAGE}?x=1"),
    malformed("GET", f"{VISAGE}:predict"),
    malformed("GET", "/v1/models/"),
    malformed("GET", "/v1/"),
    malformed("POST", VISAGE),
    malformed("POST", f"{VISAGE}:foo"),
    malformed("POST", f"{VISAGE}:predict?x=1"),
    malformed("PUT", f"{VISAGE}:predict"),
    malformed("DELETE", VISAGE),
    malformed("PATCH", f"{VISAGE}:predict"),
    get("no model name", "/v1/models", 400, Error("Missing model name in request."), HANDLER),
    get("path in capitals", "/V1/MODELS/visage", 200, JsonWith({"model_version_status": [{}, {}]}), HANDLER_UTIL),
    get("path with %", "/v1/models/vis%61ge", 200, JsonWith({"model_version_status": [{}, {}]}), HANDLER_UTIL),
    get(
        "version too large",
        f"{VISAGE}/versions/99999999999999999999999",
        400,
        Error("Failed to convert version: 99999999999999999999999 to numeric."),
        HANDLER_UTIL,
    ),
    RestCase("HEAD", "HEAD", VISAGE, 400, Empty(), HANDLER),
    RestCase("OPTIONS without Origin", "OPTIONS", f"{VISAGE}:predict", 400, Empty(), HTTP),
    RestCase("OPTIONS with Origin", "OPTIONS", f"{VISAGE}:predict", 200, Empty(), HTTP,
             headers={"Origin": "http://a.example"}),
    RestCase("OPTIONS with another Origin", "OPTIONS", f"{VISAGE}:predict", 400, Empty(), HTTP,
             headers={"Origin": "null"}),
    get("outside of v1", "/v2/x", 404, NO_PAGE, "util/net_http/server/internal/evhttp_server.cc"),
    predict("text/plain", {"instances": [IMAGE]}, 200, JsonWith({"predictions": [ROW]}), source=HANDLER_UTIL,
            headers={"Content-Type": "text/plain"}),
    predict("octet-stream", {"instances": [IMAGE]}, 200, JsonWith({"predictions": [ROW]}), source=HANDLER_UTIL,
            headers={"Content-Type": "application/octet-stream"}),
    predict("gzip", gzip.compress(json.dumps({"instances": [IMAGE]}).encode()), 200, JsonWith({"predictions": [ROW]}),
            source=EVHTTP, headers={"Content-Encoding": "gzip"}),
    predict("gzip in a list", gzip.compress(json.dumps({"instances": [IMAGE]}).encode()), 200,
            JsonWith({"predictions": [ROW]}), source=EVHTTP, headers={"Content-Encoding": "x-gzip, gzip"}),
    predict("broken gzip", b"\x1f\x8bxxxxxxx", 400, ErrorWith("JSON Parse error: The document is empty"),
            source=EVHTTP, headers={"Content-Encoding": "gzip"}),
    get("metrics by default", "/monitoring/prometheus/metrics", 404, NO_PAGE, HTTP),
]  # fmt: skip

STATUS_AND_METADATA = [
    get("status", VISAGE, 200, Json({"model_version_status": [version(5), version(3)]}), STATUS),
    get("status of a version", f"{VISAGE}/versions/3", 200, Json({"model_version_status": [version(3)]}), STATUS),
    get("status of a label", f"{VISAGE}/labels/stable", 200,
        Json({"model_version_status": [version(5), version(3)]}), STATUS),
    get("status of an unknown label", f"{VISAGE}/labels/none", 200,
        Json({"model_version_status": [version(5), version(3)]}), STATUS),
    get("status of an unknown version", f"{VISAGE}/versions/7", 404,
        Error("Could not find version 7 of model visage"), STATUS),
    get("status of an unknown model", "/v1/models/nope", 404,
        Error("Could not find any versions of model nope"), STATUS),
    get("metadata", f"{VISAGE}/metadata", 200,
        JsonWith({
            "model_spec": {"name": "visage", "signature_name": "", "version": "5"},
            "metadata": {"signature_def": {"signature_def": {
                "serving_default": {
                    "inputs": {"image_bytes": {
                        "dtype": "DT_STRING",
                        "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
                    }},
                    "outputs": {"age": {"dtype": "DT_FLOAT"}, "gender": {"dtype": "DT_STRING"}},
                    "method_name": "tensorflow/serving/predict",
                },
                "align_and_predict": {"inputs": {"image_bytes": {}, "landmarks": {}}},
            }}},
        }), HANDLER_UTIL),
    get("metadata of a version", f"{VISAGE}/versions/3/metadata", 200,
        JsonWith({"model_spec": {"name": "visage", "version": "3"}}), HANDLER_UTIL),
    get("metadata of a label", f"{VISAGE}/labels/stable/metadata", 200,
        JsonWith({"model_spec": {"name": "visage", "version": "3"}}), CORE),
    get("metadata of an unknown version", f"{VISAGE}/versions/7/metadata", 404,
        Error("Servable not found for request: Specific(visage, 7)"), MANAGER),
    get("metadata of an unknown model", "/v1/models/nope/metadata", 404,
        Error("Servable not found for request: Latest(nope)"), MANAGER),
    get("metadata of an unknown label", f"{VISAGE}/labels/none/metadata", 400,
        Error("Unrecognized servable version label: none"), CORE),
]  # fmt: skip

PREDICT = [
    predict("row", {"instances": [IMAGE]}, 200, JsonWith({"predictions": [ROW]})),
    predict("row with a name", {"instances": [{"image_bytes": IMAGE}]}, 200, JsonWith({"predictions": [ROW]})),
    predict("three rows", {"instances": [IMAGE] * 3}, 200, JsonWith({"predictions": [ROW] * 3})),
    predict("columns", {"inputs": [IMAGE]}, 200, JsonWith({"outputs": {"gender": ["male"]}})),
    predict("columns with a name", {"inputs": {"image_bytes": [IMAGE]}}, 200,
            JsonWith({"outputs": {"gender": ["male"]}})),
    predict("default signature", {"signature_name": "serving_default", "instances": [IMAGE]}, 200,
            JsonWith({"predictions": [ROW]})),
    predict("empty signature", {"signature_name": "", "instances": [IMAGE]}, 200, JsonWith({"predictions": [ROW]})),
    post("version", f"{VISAGE}/versions/3:predict", {"instances": [IMAGE]}, 200,
         JsonWith({"predictions": [STABLE_ROW]})),
    post("label", f"{VISAGE}/labels/stable:predict", {"instances": [IMAGE]}, 200,
         JsonWith({"predictions": [STABLE_ROW]})),
    align("rows of two inputs", LANDMARKS, 200, JsonWith({"predictions": [{"gender": "male"}]})),
    predict("columns of two inputs",
            {"signature_name": "align_and_predict", "inputs": {"image_bytes": [IMAGE], "landmarks": [LANDMARKS]}}, 200,
            JsonWith({"outputs": {"gender": ["male"]}})),
    predict("text after the document", json.dumps({"instances": [IMAGE]}) + " trailing", 200,
            JsonWith({"predictions": [ROW]})),
    predict("key twice", f'{{"instances":[{{"b64":"{BASE64}"}}],"instances":[1]}}', 200,
            JsonWith({"predictions": [ROW]})),
    predict("byte order mark", b"\xef\xbb\xbf" + json.dumps({"instances": [IMAGE]}).encode(), 200,
            JsonWith({"predictions": [ROW]})),
    predict("columns of no rows", {"inputs": []}, 200,
            JsonWith({"outputs": {"gender": [], "age_group": [], "age": []}})),
    predict("unknown key in columns", {"inputs": {"image_bytes": [IMAGE], "zz": [1]}}, 200,
            JsonWith({"outputs": {"gender": ["male"]}})),
    predict("base64 without padding", {"instances": [{"b64": BASE64.rstrip("=")}]}, 200,
            JsonWith({"predictions": [ROW]})),
    predict("base64 with white space", {"instances": [{"b64": BASE64[:40] + "\n " + BASE64[40:]}]}, 200,
            JsonWith({"predictions": [ROW]})),
    align("NaN", [[float("nan"), 1.0], *LANDMARKS[1:]], 200, JsonWith({"predictions": [{"age": float("nan")}]})),
]  # fmt: skip

PREDICT_ERRORS = [
    predict("unknown signature", {"signature_name": "xx", "instances": [IMAGE]}, 400,
            Error('Serving signature name: "xx" not found in signature def')),
    predict("signature without inputs", {"signature_name": "__saved_model_init_op", "instances": [IMAGE]}, 400,
            Error("Failed to get input map for signature: __saved_model_init_op")),
    battery("signature without inputs, with outputs", "no_inputs", {"instances": [1.0]}, 400,
            Error("Failed to get input map for signature: no_inputs")),
    predict("signature a number", {"signature_name": 1, "instances": [IMAGE]}, 400,
            ErrorWith("JSON Value: ", " not formatted correctly. 'signature_name' key must be a string value.")),
    predict("signature null", {"signature_name": None, "instances": [IMAGE]}, 400,
            ErrorWith("JSON Value: ", " not formatted correctly. 'signature_name' key must be a string value.")),
    post("unknown version", f"{VISAGE}/versions/7:predict", {"instances": [IMAGE]}, 404,
         Error("Servable not found for request: Specific(visage, 7)"), MANAGER),
    post("unknown model", "/v1/models/nope:predict", {"instances": [IMAGE]}, 404,
         Error("Servable not found for request: Latest(nope)"), MANAGER),
    post("unknown label", f"{VISAGE}/labels/none:predict", {"instances": [IMAGE]}, 400,
         Error("Unrecognized servable version label: none"), CORE),
    post("unknown model before the keys", "/v1/models/nope:predict", {}, 404,
         Error("Servable not found for request: Latest(nope)"), MANAGER),
    post("broken JSON before an unknown model", "/v1/models/nope:predict", "{", 400,
         Error("JSON Parse error: Missing a name for object member. at offset: 1")),
    predict("empty body", "", 400, ErrorWith("JSON Parse error: The document is empty")),
    predict("blank body", "   ", 400, Error("JSON Parse error: The document is empty. at offset: 3")),
    predict("no value", '{"instances": [1,', 400, Error("JSON Parse error: Invalid value. at offset: 17")),
    predict("no colon", '{"instances" [1]}', 400,
            Error("JSON Parse error: Missing a colon after a name of object member. at offset: 13")),
    predict("no name", "{instances: [1]}", 400,
            Error("JSON Parse error: Missing a name for object member. at offset: 1")),
    predict("no comma in a list", '{"instances": [1 2]}', 400,
            Error("JSON Parse error: Missing a comma or ] after an array element. at offset: 17")),
    predict("no comma in an object", '{"instances": [1] "a": 2}', 400,
            ErrorWith("JSON Parse error: Missing a comma or } after an object member. at offset: ")),
    predict("no end of a string", '{"instances": ["a', 400,
            ErrorWith("JSON Parse error: Missing a closing quotation mark in string. at offset: ")),
    predict("broken escape", r'{"instances": ["\x"]}', 400,
            ErrorWith("JSON Parse error: Invalid escape character in string. at offset: ")),
    predict("broken \\u", r'{"instances": ["\u00g0"]}', 400,
            ErrorWith("JSON Parse error: Incorrect hex digit after \\u escape in string. at offset: ")),
    predict("half a surrogate pair", r'{"instances": ["\ud800"]}', 400,
            ErrorWith("JSON Parse error: The surrogate pair in string is invalid. at offset: ")),
    predict("number without fraction", '{"instances": [1.]}', 400,
            ErrorWith("JSON Parse error: Miss fraction part in number. at offset: ")),
    predict("number without exponent", '{"instances": [1e]}', 400,
            ErrorWith("JSON Parse error: Miss exponent in number. at offset: ")),
    predict("number too big", '{"instances": [1e400]}', 400,
            ErrorWith("JSON Parse error: Number too big to be stored in double. at offset: ")),
    predict("UTF-16", json.dumps({"instances": [IMAGE]}).encode("utf-16"), 400, ErrorWith("JSON Parse error: ")),
    predict("list for a document", "[1,2]", 400, Error("JSON Value: [1, 2] Is not object")),
    predict("string for a document", '"x"', 400, Error('JSON Value: "x" Is not object')),
    predict("number for a document", "7", 400, Error("JSON Value: 7 Is not object")),
    predict("no key", {}, 400, Error("Missing 'inputs' or 'instances' key")),
    predict("both keys", {"instances": ["a"], "inputs": ["a"]}, 400,
            ErrorWith("JSON Value: ",
                      " Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ")),
    predict("instances no list", {"instances": "a"}, 400,
            ErrorWith("JSON Value: ", " Expecting 'instances' to be an list/array")),
    predict("instances empty", {"instances": []}, 400,
            ErrorWith("JSON Value: ", " No values in 'instances' array")),
    predict("type number", {"instances": [1.5]}, 400,
            Error(ROW_ERROR + "JSON Value: 1.5 Type: Number is not of expected type: string")),
    predict("type true", {"instances": [True]}, 400,
            Error(ROW_ERROR + "JSON Value: true Type: True is not of expected type: string")),
    predict("type false", {"instances": [False]}, 400,
            Error(ROW_ERROR + "JSON Value: false Type: False is not of expected type: string")),
    predict("type null", {"instances": [None]}, 400,
            Error(ROW_ERROR + "JSON Value: null Type: Null is not of expected type: string")),
    predict("type in columns", {"inputs": [1.5]}, 400,
            Error("JSON Value: 1.5 Type: Number is not of expected type: string")),
    align("type string", "a", 400,
          Error("Failed to process element: 0 key: landmarks of 'instances' list. Error: INVALID_ARGUMENT: "
                'JSON Value: "a" Type: String is not of expected type: float')),
    predict("unknown input", {"instances": [{"foo": 1}]}, 400,
            Error("Failed to process element: 0 key: foo of 'instances' list. Error: INVALID_ARGUMENT: "
                  "JSON object: does not have named input: foo")),
    predict("missing input", {"signature_name": "align_and_predict", "instances": [{"image_bytes": IMAGE}]}, 400,
            ErrorWith("Failed to process element: 0 of 'instances' list. JSON object: ",
                      " keys must be equal to: image_bytes,landmarks")),
    predict("missing input in columns", {"inputs": {"zz": [1]}}, 400,
            Error("Missing named input: image_bytes in 'inputs' object.")),
    predict("plain list for two inputs", {"signature_name": "align_and_predict", "instances": ["a"]}, 400,
            Error("instances is a plain list, but expecting list of objects as multiple input tensors required as per "
                  "tensorinfo_map")),
    predict("plain columns for two inputs", {"signature_name": "align_and_predict", "inputs": ["a"]}, 400,
            Error("inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                  "tensorinfo_map")),
    predict("list after objects", {"instances": [{"image_bytes": IMAGE}, "a"]}, 400,
            Error("Expecting object but got list at item 1 of input list")),
    predict("object after lists", {"instances": [IMAGE, {"image_bytes": "a"}]}, 400,
            Error("Expecting value/list but got object at item 1 of input list")),
    align("ragged", [[1.0, 2.0], [3.0]], 400,
          ErrorWith("Failed to process element: 0 key: landmarks of 'instances' list. Error: INVALID_ARGUMENT: "
                    "Encountered list at unexpected size: 1 at level: 1 expected size: 2")),
    align("value at the level of a list", [[1.0, 2.0], 3.0], 400,
          ErrorWith("JSON Value: 3.0 found at incorrect level: 2 in the JSON DOM. Expected at level: 2")),
    align("list at the level of a value", [1.0, [2.0]], 400,
          ErrorWith("Encountered list at unexpected level: 1 expected < 1")),
    predict("rows of another size",
            {"signature_name": "align_and_predict",
             "instances": [{"image_bytes": IMAGE, "landmarks": LANDMARKS},
                           {"image_bytes": IMAGE, "landmarks": LANDMARKS[:4]}]}, 400,
            Error("Failed to process element: 1 key: landmarks of 'instances' list. Error: INVALID_ARGUMENT: "
                  "Expecting tensor size: 10 but got: 8")),
    predict("rows of another shape",
            {"signature_name": "align_and_predict",
             "instances": [{"image_bytes": IMAGE, "landmarks": LANDMARKS},
                           {"image_bytes": IMAGE, "landmarks": [[1.0] * 5] * 2}]}, 400,
            Error("Failed to process element: 1 key: landmarks of 'instances' list. Error: INVALID_ARGUMENT: "
                  "Expecting shape [5,2] but got: [2,5]")),
    align("shape against the signature, which the graph takes", LANDMARKS[:4], 200, JsonWith({"predictions": [ROW]})),
    battery("shape against the signature, which the graph refuses", "matrix", {"instances": [[1.0]]}, 400,
            ErrorWith("[[{{")),
    predict("rank against the signature", {"instances": [[IMAGE]]}, 400, ErrorWith("[[{{")),
    predict("broken base64", {"instances": [{"b64": "!!!"}]}, 400, Error(ROW_ERROR + "Unable to base64 decode")),
    predict("base64 of URLs", {"instances": [{"b64": "-_-_"}]}, 400, Error(ROW_ERROR + "Unable to base64 decode")),
    predict("base64 a number", {"instances": [{"b64": 1}]}, 400,
            ErrorWith("Failed to process element: 0 key: b64 of 'instances' list. Error: INVALID_ARGUMENT: "
                      "JSON object: does not have named input: b64")),
    predict("base64 under another key", {"instances": [{"image_bytes": {"b65": BASE64}}]}, 400,
            ErrorWith("not formatted correctly for base64 data")),
    predict("no image", {"instances": ["hello"]}, 400, ErrorWith("[[{{")),
    predict("empty image", {"instances": [{"b64": ""}]}, 400, ErrorWith("[[{{")),
    predict("half an image", {"instances": [{"b64": BASE64[: len(BASE64) // 8 * 4]}]}, 400, ErrorWith("[[{{")),
    predict("invalid UTF-8", b'{"instances":["\xff"]}', 400, ErrorWith("[[{{")),
    predict("100,000 levels", '{"instances":' + "[" * 100_000 + "]" * 100_000 + "}", 400,
            ErrorWith(ROW_ERROR)),
]  # fmt: skip

NUMBERS = {"float32": 1.5, "float64": 0.1, "int32": -7, "int64": 2**40, "int16": -300, "int8": -5, "uint8": 200,
           "bool": True, "string": "ä"}  # fmt: skip

DTYPES_AND_OUTPUTS = [
    battery("all dtypes, row", "dtypes", {"instances": [NUMBERS]}, 200, Json({"predictions": [NUMBERS]})),
    battery("all dtypes, columns", "dtypes", {"inputs": {name: [value] for name, value in NUMBERS.items()}}, 200,
            Json({"outputs": {name: [value] for name, value in NUMBERS.items()}})),
    battery("half has no JSON, row", "half", {"instances": [1.0]}, 400,
            Error("Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: "
                  "Conversion of JSON Value: 1.0 to type: half")),
    battery("half has no JSON, columns", "half", {"inputs": [1.0]}, 501,
            Error("Conversion of JSON Value: 1.0 to type: half")),
    battery("1.0 is no int", "dtypes", {"instances": [{**NUMBERS, "int32": 1.0}]}, 400,
            Error("Failed to process element: 0 key: int32 of 'instances' list. Error: INVALID_ARGUMENT: "
                  "JSON Value: 1.0 Type: Number is not of expected type: int32")),
    battery("2^40 is no int32", "dtypes", {"instances": [{**NUMBERS, "int32": 2**40}]}, 400,
            ErrorWith("JSON Value: 1099511627776 Type: Number is not of expected type: int32")),
    battery("string is no bool", "dtypes", {"instances": [{**NUMBERS, "bool": "true"}]}, 400,
            ErrorWith('JSON Value: "true" Type: String is not of expected type: bool')),
    battery("int is a float", "serving_default", {"instances": [3]}, 200, Text('{"predictions":[6.0]}')),
    battery("one output has no name", "serving_default", {"instances": [1.5]}, 200, Json({"predictions": [3.0]})),
    battery("one output has no name, columns", "serving_default", {"inputs": [1.5]}, 200, Json({"outputs": [3.0]})),
    battery("float of 6 digits", "serving_default", {"instances": [0.05]}, 200, Text('{"predictions":[0.1]}')),
    battery("float of 9 digits", "serving_default", {"instances": [1.5707963705062866]}, 200,
            Text('{"predictions":[3.14159274]}')),
    battery("whole float", "serving_default", {"instances": [50]}, 200, Text('{"predictions":[100.0]}')),
    post("too large for a float", f"{BATTERY}:predict", '{"instances":[1e39]}', 200,
         Text('{"predictions":[Infinity]}')),
    post("words for floats", f"{BATTERY}:predict", '{"instances":[NaN, Inf, Infinity, -Inf, -Infinity]}', 200,
         Text('{"predictions":[NaN, Infinity, Infinity, -Infinity, -Infinity]}')),
    battery("bytes output", "texts", {"instances": ["a"]}, 200,
            Json({"predictions": [{"text": "a", "text_bytes": {"b64": "YQ=="}}]})),
    battery("bytes output, columns", "texts", {"inputs": ["a", {"b64": "YmM="}]}, 200,
            Json({"outputs": {"text": ["a", "bc"], "text_bytes": [{"b64": "YQ=="}, {"b64": "YmM="}]}})),
    battery("matrix", "matrix", {"instances": [[[1, 2, 3], [4, 5, 6]]]}, 200, Json({"predictions": [21.0]})),
    battery("scalar output, row", "scalar", {"instances": [1, 2]}, 400,
            Error("Tensor name: total has no shape information ")),
    battery("scalar output, columns", "scalar", {"inputs": [1, 2]}, 200, Json({"outputs": 3.0})),
    battery("outputs of different sizes, row", "batches", {"instances": [1]}, 400,
            ErrorWith("Tensor name: ", " has inconsistent batch size: ", " expecting: ")),
    battery("outputs of different sizes, columns", "batches", {"inputs": [1]}, 200,
            Json({"outputs": {"once": [1.0], "twice": [1.0, 1.0]}})),
]  # fmt: skip


def classify(id: str, signature: str, body: dict[str, Any], code: int, expected: Expected) -> RestCase:
    return post(id, f"{BATTERY}:classify", {"signature_name": signature, **body}, code, expected, CLASSIFIER)


def regress(id: str, signature: str, body: dict[str, Any], code: int, expected: Expected) -> RestCase:
    return post(id, f"{BATTERY}:regress", {"signature_name": signature, **body}, code, expected, REGRESSOR)


VALUE = {"examples": [{"value": 0.25}]}
CLASSIFY_AND_REGRESS = [
    classify("classify", "classify", {"examples": [{"value": 0.25}, {"value": 1.0}]}, 200,
             Json({"results": [[["low", 0.75], ["high", 0.25]], [["low", 0.0], ["high", 1.0]]]})),
    classify("classify, a context", "classify", {"context": {"value": 0.25}, "examples": [{}]}, 200,
             Json({"results": [[["low", 0.75], ["high", 0.25]]]})),
    regress("regress", "regress", {"examples": [{"value": 0.25}, {"value": [1.0]}]}, 200,
            Json({"results": [2.5, 10.0]})),
    classify("classify, wrong features", "classify", {"examples": [{"a": 1}]}, 400, ErrorWith("[[{{")),
    post("classify without examples", f"{VISAGE}:classify", {}, 400,
         Error("JSON Value: {} When method is classify, key 'examples' is expected and was not found")),
    post("regress without examples", f"{VISAGE}:regress", {}, 400,
         Error("JSON Value: {} When method is classify, key 'examples' is expected and was not found")),
    post("examples no list", f"{VISAGE}:classify", {"examples": "a"}, 400,
         ErrorWith("JSON Value: ", " Expecting 'examples' value to be an list/array")),
    post("examples empty", f"{VISAGE}:classify", {"examples": []}, 400,
         ErrorWith("JSON Value: ", " 'examples' value is an empty array")),
    post("example no object", f"{VISAGE}:classify", {"examples": [1]}, 400,
         ErrorWith("Example must be JSON object but got JSON Number")),
    post("feature of objects", f"{VISAGE}:classify", {"examples": [{"f": [{"a": 1}]}]}, 400,
         ErrorWith("Feature: f has element with unexpected JSON type: Object")),
    post("feature of two types", f"{VISAGE}:classify", {"examples": [{"f": [1, "a"]}]}, 400,
         ErrorWith("Unexpected element type in feature: f expecting type: int64")),
    post("classify, empty body", f"{VISAGE}:classify", "", 400, ErrorWith("JSON Parse error: The document is empty")),
    post("classify, signature a number", f"{VISAGE}:classify", {"signature_name": 1, **VALUE}, 400,
         ErrorWith("'signature_name' key must be a string value.")),
    post("classify, unknown model", "/v1/models/nope:classify", VALUE, 404,
         Error("Servable not found for request: Latest(nope)"), MANAGER),
    classify("classify, unknown signature", "xx", VALUE, 400, Error("No signature was found with the name: xx")),
    regress("regress, unknown signature", "xx", VALUE, 400, Error("No signature was found with the name: xx")),
    post("classify with VisAge's signature", f"{VISAGE}:classify", VALUE, 400,
         Error("Expected one or two output Tensors, found 5"), CLASSIFIER),
    post("regress with VisAge's signature", f"{VISAGE}:regress", VALUE, 400,
         Error("Expected one output Tensor."), REGRESSOR),
    post("classify with two inputs", f"{VISAGE}:classify", {"signature_name": "align_and_predict", **VALUE}, 400,
         Error("Expected one input Tensor."), CLASSIFIER),
    post("regress with two inputs", f"{VISAGE}:regress", {"signature_name": "align_and_predict", **VALUE}, 400,
         Error("Expected one input Tensor."), REGRESSOR),
    classify("classify, an input of another name", "other_input", VALUE, 400,
             ErrorWith("No classification inputs found in SignatureDef: ")),
    classify("classify, outputs of other names", "other_output", VALUE, 400,
             ErrorWith('Expected classification signature outputs to contain at least one of "classes" or "scores". '
                       "Signature was: ")),
    classify("classify, flat classes", "classify_flat", VALUE, 400,
             Error("Expected Tensor shape: [batch_size num_classes] but got [1]")),
    classify("classify, numbers for classes", "classify_numbers", VALUE, 400,
             Error("Expected classes Tensor of DT_STRING. Got: DT_FLOAT")),
    regress("regress, two columns", "regress_wide", VALUE, 400,
            Error("Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]")),
    regress("regress, strings", "regress_names", VALUE, 400,
            Error("Expected output Tensor of DT_FLOAT.  Got: DT_STRING")),
    regress("regress, one row for two", "regress_one", {"examples": [{"value": 0.25}] * 2}, 400,
            Error("Input batch size did not match output batch size: 2 vs. 1")),
]  # fmt: skip

CASES = [
    *HTTP_LAYER,
    *STATUS_AND_METADATA,
    *PREDICT,
    *PREDICT_ERRORS,
    *DTYPES_AND_OUTPUTS,
    *CLASSIFY_AND_REGRESS,
]
